//! Answers that are wrong in some way.

use super::response::{After, Stream, head, pieces, whole, zip};
use crate::plan::{Fault, payload};
use std::{future::pending, io, net::SocketAddr};
use tokio::io::AsyncWriteExt;

const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
const BUSY_LATER: &str =
    "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";

/// Answers as a fault wants it.
pub(super) async fn fail(
    stream: &mut Stream,
    id: u64,
    fault: Fault,
    evil: SocketAddr,
) -> io::Result<After> {
    let body = payload(id);
    let right = whole(&body);
    let half = body.len() / 2;
    let (bytes, after) = match fault {
        Fault::Reset => return Ok(After::Resets),
        Fault::Close => return Ok(After::Closes),
        Fault::Stall => pending().await,
        Fault::Drip => return pieces(stream, &right, right.len().min(100)).await,
        Fault::CutHead => (right[..20].into(), After::Closes),
        Fault::CutBody => (right[..right.len() - half].into(), After::Closes),
        Fault::CutChunks => {
            let chunk = format!("{half:x}\r\n{}\r\n", &body[..half]);
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            ((head.to_owned() + &chunk).into_bytes(), After::Closes)
        }
        Fault::CutGzip => {
            let zipped = zip(&mut body.as_bytes())?;
            // The framing is right, so only what was encoded tells that there is more.
            let cut = &zipped[..zipped.len() - 9];
            ([head("content-encoding: gzip", cut.len()).as_bytes(), cut].concat(), After::Goes)
        }
        Fault::TwoLengths => {
            let short = format!("content-length: {half}");
            ((head(&short, body.len()) + &body).into_bytes(), After::Closes)
        }
        Fault::Noise => (b"220 mail.example ESMTP\r\n".into(), After::Closes),
        Fault::Busy => (BUSY.into(), After::Goes),
        Fault::BusyLater => (BUSY_LATER.into(), After::Goes),
        Fault::Extra => ((right + &whole(&payload(id + 1))).into_bytes(), After::Goes),
        Fault::Elsewhere => {
            let location = format!("location: http://{evil}/{id}");
            let head = head(&location, 0);
            (head.replacen("200 OK", "307 Temporary Redirect", 1).into_bytes(), After::Goes)
        }
    };
    stream.write_all(&bytes).await?;
    Ok(after)
}

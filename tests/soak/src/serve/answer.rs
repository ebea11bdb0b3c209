//! What the server answers: by the mode of the request, and by the plan.

use super::{request::Request, seen::Seen};
use crate::plan::{Fault, fault, hash, payload};
use flate2::{Compression, write::GzEncoder};
use std::{
    future::pending,
    io::{self, Write as _},
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    time::Duration,
};
use tokio::{
    io::{AsyncWriteExt, BufReader},
    net::TcpStream,
    task::yield_now,
    time::sleep,
};

const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
const BUSY_LATER: &str =
    "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";
const MILLISECOND: Duration = Duration::from_millis(1);
/// From one byte of a slow answer to the next.
const TRICKLE: Duration = Duration::from_millis(200);
/// What becomes of the bomb: so many members of gzip, of so many bytes each.
const BOMB: (usize, usize) = (200, 1_000_000);

/// What happens to a connection after an answer.
pub(super) enum After {
    Goes,
    Closes,
    Resets,
}

pub(super) struct Answers {
    evil: SocketAddr,
    is_down: AtomicBool,
    bomb: Vec<u8>,
}

type Stream = BufReader<TcpStream>;

impl Answers {
    pub(super) fn new(evil: SocketAddr) -> io::Result<Self> {
        Ok(Self { evil, is_down: AtomicBool::new(false), bomb: bomb()? })
    }

    /// Answers the request that is the `turn`-th on its connection.
    pub(super) async fn answer(
        &self,
        stream: &mut Stream,
        request: &Request,
        turn: u64,
        seen: &Seen,
    ) -> io::Result<After> {
        let id = request.id;
        let answer = match &*request.mode {
            "seen" => whole(&seen.to_string()),
            "down" | "up" => {
                self.is_down.store(request.mode == "down", SeqCst);
                whole("")
            }
            "faults" => match fault(id, seen.attempt(request)) {
                Some(fault) => return self.fail(stream, id, fault).await,
                None => whole(&payload(id)),
            },
            "steady" => {
                seen.attempt(request);
                if self.is_down.load(SeqCst) {
                    let fault = [Fault::Reset, Fault::Close, Fault::Busy][id as usize % 3];
                    return self.fail(stream, id, fault).await;
                }
                whole(&payload(id))
            }
            "pieces" => {
                seen.attempt(request);
                return pieces(stream, &whole(&payload(id)), 4).await;
            }
            "closing" => return closing(stream, request, turn, seen).await,
            "trickle" => return trickle(stream, id).await,
            "bomb" => {
                stream
                    .write_all(head("content-encoding: gzip", self.bomb.len()).as_bytes())
                    .await?;
                stream.write_all(&self.bomb).await?;
                return Ok(After::Goes);
            }
            _ => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".into(),
        };
        stream.write_all(answer.as_bytes()).await?;
        Ok(After::Goes)
    }

    async fn fail(&self, stream: &mut Stream, id: u64, fault: Fault) -> io::Result<After> {
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
            Fault::CutChunks => (
                format!(
                    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{half:x}\r\n{}\r\n",
                    &body[..half]
                )
                .into_bytes(),
                After::Closes,
            ),
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
                let location = format!("location: http://{}/{id}", self.evil);
                let head = head(&location, 0);
                (head.replacen("200 OK", "307 Temporary Redirect", 1).into_bytes(), After::Goes)
            }
        };
        stream.write_all(&bytes).await?;
        Ok(after)
    }
}

/// Closes each connection at about the time when its next request comes: before that, or when it has
/// come, with or without a reset.
async fn closing(
    stream: &mut Stream,
    request: &Request,
    turn: u64,
    seen: &Seen,
) -> io::Result<After> {
    seen.attempt(request);
    let chance = hash(request.id, 1);
    match chance % 8 {
        0 if turn > 1 => return Ok(After::Closes),
        1 if turn > 1 => return Ok(After::Resets),
        kind => {
            stream.write_all(whole(&payload(request.id)).as_bytes()).await?;
            if kind > 3 {
                return Ok(After::Goes);
            }
        }
    }
    for _ in 0..(chance >> 8) % 64 {
        yield_now().await;
    }
    Ok(After::Closes)
}

/// Sends the head of an answer byte by byte, or its body, without end.
async fn trickle(stream: &mut Stream, id: u64) -> io::Result<After> {
    let start = match id.is_multiple_of(2) {
        true => "HTTP/1.1 200 OK\r\nslow: ".into(),
        false => head("slow: 1", BOMB.1),
    };
    stream.write_all(start.as_bytes()).await?;
    loop {
        stream.write_all(b"a").await?;
        sleep(TRICKLE).await;
    }
}

/// Sends an answer in so many pieces.
async fn pieces(stream: &mut Stream, answer: &str, count: usize) -> io::Result<After> {
    for piece in answer.as_bytes().chunks(answer.len().div_ceil(count)) {
        stream.write_all(piece).await?;
        sleep(MILLISECOND).await;
    }
    Ok(After::Goes)
}

fn whole(body: &str) -> String {
    head("content-type: text/plain", body.len()) + body
}

fn head(line: &str, length: usize) -> String {
    format!("HTTP/1.1 200 OK\r\n{line}\r\ncontent-length: {length}\r\n\r\n")
}

fn bomb() -> io::Result<Vec<u8>> {
    Ok(zip(&mut &vec![0; BOMB.1][..])?.repeat(BOMB.0))
}

fn zip(bytes: &mut impl io::Read) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    io::copy(bytes, &mut encoder)?;
    encoder.flush()?;
    encoder.finish()
}

//! A line that breaks: what goes through it fails at a chosen operation.

use std::{
    convert::Infallible,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    task::AbortHandle,
};

/// How an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection is reset.
    Reset,
    /// The connection ends for the client.
    Eof,
    /// Nothing goes on until the client closes.
    Hang,
    /// From here on each operation carries one byte.
    Short,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Reset, Self::Eof, Self::Hang, Self::Short];
}

/// How much an operation carries, at most.
const CARRIED: usize = 16;

/// A proxy for TCP on a free loopback port. An operation is one read, at either side, with the write
/// that passes it on. It stops when dropped; its connections end when both sides have closed them.
#[derive(Debug)]
pub struct Proxy {
    addr: SocketAddr,
    plan: Arc<Plan>,
    accepting: AbortHandle,
}

#[derive(Debug, Default)]
struct Plan {
    /// The fault, and how many operations are still good.
    next: Mutex<Option<(usize, Fault)>>,
    operations: AtomicUsize,
}

impl Plan {
    fn next(&self) -> MutexGuard<'_, Option<(usize, Fault)>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fault of an operation, if it is its turn. A fault comes once.
    fn strike(&self) -> Option<Fault> {
        self.operations.fetch_add(1, SeqCst);
        let mut next = self.next();
        match &mut *next {
            Some((0, fault)) => {
                let fault = *fault;
                *next = None;
                Some(fault)
            }
            Some((left, _)) => {
                *left -= 1;
                None
            }
            None => None,
        }
    }
}

impl Proxy {
    /// Stands in front of a server.
    ///
    /// # Panics
    ///
    /// There is no port.
    pub async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let addr = listener.local_addr().expect("it is bound");
        let plan = Arc::<Plan>::default();
        let shared = Arc::clone(&plan);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let plan = Arc::clone(&shared);
                tokio::spawn(async move {
                    // Connections that break are what it is for.
                    let _ = carry(client, server, &plan).await;
                });
            }
        });
        Self { addr, plan, accepting: task.abort_handle() }
    }

    /// Its root, with a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.addr)
    }

    /// Lets so many operations pass, whichever connection they are on, and the next one fail.
    pub fn fail_after(&self, operations: usize, fault: Fault) {
        *self.plan.next() = Some((operations, fault));
    }

    /// Takes back a fault that has not come. `false`: it has.
    #[must_use]
    pub fn relent(&self) -> bool {
        self.plan.next().take().is_some()
    }

    /// How many operations there have been.
    #[must_use]
    pub fn operations(&self) -> usize {
        self.plan.operations.load(SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Why nothing is carried any more.
enum End {
    Closed,
    Failed(Fault),
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Closed
    }
}

async fn carry(mut client: TcpStream, server: SocketAddr, plan: &Plan) -> io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let is_short = AtomicBool::new(false);
    let Err(end) = tokio::select! {
        end = pump(&mut from_client, &mut to_server, plan, &is_short) => end,
        end = pump(&mut from_server, &mut to_client, plan, &is_short) => end,
    };
    match end {
        End::Closed | End::Failed(Fault::Short) => Ok(()),
        End::Failed(Fault::Reset) => {
            server.set_zero_linger()?;
            client.set_zero_linger()
        }
        End::Failed(Fault::Eof) => {
            client.shutdown().await?;
            until_closed(&mut client).await
        }
        End::Failed(Fault::Hang) => until_closed(&mut client).await,
    }
}

async fn pump(
    from: &mut ReadHalf<'_>,
    to: &mut WriteHalf<'_>,
    plan: &Plan,
    is_short: &AtomicBool,
) -> Result<Infallible, End> {
    let mut bytes = [0; CARRIED];
    loop {
        let carried = if is_short.load(SeqCst) { 1 } else { CARRIED };
        let read = from.read(&mut bytes[..carried]).await?;
        if read == 0 {
            return Err(End::Closed);
        }
        let mut carried = read;
        match plan.strike() {
            None => {}
            Some(Fault::Short) => {
                is_short.store(true, SeqCst);
                carried = 1;
            }
            Some(fault) => return Err(End::Failed(fault)),
        }
        for bytes in bytes[..read].chunks(carried) {
            to.write_all(bytes).await?;
            // The other side has a look at each.
            tokio::task::yield_now().await;
        }
    }
}

async fn until_closed(stream: &mut TcpStream) -> io::Result<()> {
    let mut bytes = [0; 8192];
    while stream.read(&mut bytes).await? > 0 {}
    Ok(())
}

//! A server of one's own making: each connection plays a script, whatever the client says.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy, sink},
    net::{TcpListener, TcpStream, tcp::WriteHalf},
    task::AbortHandle,
    time::sleep,
};

/// What a connection does next. Behind the last step it closes.
#[derive(Debug, Clone)]
pub enum Step {
    /// Reads to the end of a head.
    ReadHead,
    /// Reads until such bytes have come.
    ReadTo(Vec<u8>),
    /// Reads so many bytes.
    Read(usize),
    /// Writes, or ends the script where nobody reads any more.
    Send(Vec<u8>),
    /// Writes the same again and again, and reads what comes, until the client closes.
    Flood(Vec<u8>),
    /// Writes the same again and again, and reads nothing, until the client closes.
    Rant(Vec<u8>),
    /// Waits, in real time.
    Sleep(Duration),
    /// Sends no more, and reads until the client closes.
    Finish,
    /// Closes with a reset.
    Reset,
    /// Reads until the client closes.
    Hang,
}

impl Step {
    /// [`Send`](Self::Send).
    pub fn send(bytes: impl AsRef<[u8]>) -> Self {
        Self::Send(bytes.as_ref().to_vec())
    }
}

/// A listener on a free loopback port. It stops when dropped; its connections play their script to the
/// end, so that one which the client forgets is a leak.
#[derive(Debug)]
pub struct Peer {
    addr: SocketAddr,
    received: Received,
    accepting: AbortHandle,
}

type Received = Arc<Mutex<Vec<Vec<u8>>>>;

fn lock(received: &Received) -> MutexGuard<'_, Vec<Vec<u8>>> {
    received.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Peer {
    /// Plays one script after the other, each on a connection of its own, and the last of them on all
    /// that follow.
    ///
    /// # Panics
    ///
    /// There is no script, or no port.
    pub async fn playing(scripts: impl IntoIterator<Item = Vec<Step>>) -> Self {
        let scripts: Vec<_> = scripts.into_iter().collect();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let addr = listener.local_addr().expect("it is bound");
        let received = Received::default();
        let log = Arc::clone(&received);
        let task = tokio::spawn(async move {
            for number in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                lock(&log).push(Vec::new());
                let script = scripts.get(number).or(scripts.last()).expect("there is one").clone();
                tokio::spawn(Conversation { stream, number, log: Arc::clone(&log) }.play(script));
            }
        });
        Self { addr, received, accepting: task.abort_handle() }
    }

    /// Reads a head, answers so, and closes; on each connection.
    pub async fn answering(answer: impl AsRef<[u8]>) -> Self {
        Self::playing([vec![Step::ReadHead, Step::send(answer)]]).await
    }

    /// Answers nothing, and keeps what it is told. Nobody should talk to it.
    pub async fn evil() -> Self {
        Self::playing([vec![Step::Hang]]).await
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its root, with a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.addr)
    }

    /// What each connection has read so far.
    #[must_use]
    pub fn received(&self) -> Vec<Vec<u8>> {
        lock(&self.received).clone()
    }

    /// How many connections it has accepted.
    #[must_use]
    pub fn connections(&self) -> usize {
        lock(&self.received).len()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

struct Conversation {
    stream: TcpStream,
    number: usize,
    log: Received,
}

impl Conversation {
    async fn play(mut self, script: Vec<Step>) {
        for step in script {
            // The client has closed. That may be what is tested.
            if self.step(step).await.is_err() {
                return;
            }
        }
    }

    async fn step(&mut self, step: Step) -> io::Result<()> {
        match step {
            Step::ReadHead => self.read_to(b"\r\n\r\n").await,
            Step::ReadTo(end) => self.read_to(&end).await,
            Step::Read(bytes) => {
                for _ in 0..bytes {
                    self.read().await?;
                }
                Ok(())
            }
            Step::Send(bytes) => self.stream.write_all(&bytes).await,
            Step::Flood(bytes) => {
                let (mut read, mut write) = self.stream.split();
                let mut ignored = sink();
                tokio::select! {
                    end = copy(&mut read, &mut ignored) => end.map(drop),
                    end = flood(&mut write, &bytes) => end,
                }
            }
            Step::Rant(bytes) => flood(&mut self.stream.split().1, &bytes).await,
            Step::Sleep(time) => {
                sleep(time).await;
                Ok(())
            }
            Step::Finish => {
                self.stream.shutdown().await?;
                self.read_to_end().await
            }
            Step::Reset => self.stream.set_zero_linger(),
            Step::Hang => self.read_to_end().await,
        }
    }

    async fn read_to(&mut self, end: &[u8]) -> io::Result<()> {
        let mut bytes = Vec::new();
        while !bytes.ends_with(end) {
            bytes.push(self.read().await?);
        }
        Ok(())
    }

    async fn read(&mut self) -> io::Result<u8> {
        let byte = self.stream.read_u8().await?;
        lock(&self.log)[self.number].push(byte);
        Ok(byte)
    }

    async fn read_to_end(&mut self) -> io::Result<()> {
        let mut bytes = [0; 8192];
        loop {
            match self.stream.read(&mut bytes).await? {
                0 => return Ok(()),
                read => lock(&self.log)[self.number].extend(&bytes[..read]),
            }
        }
    }
}

async fn flood(to: &mut WriteHalf<'_>, bytes: &[u8]) -> io::Result<()> {
    loop {
        to.write_all(bytes).await?;
    }
}

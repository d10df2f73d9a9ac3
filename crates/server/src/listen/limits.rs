use std::time::Duration;

/// How much, and how long, a peer may take before it is cut off.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections served at the same time.
    pub connections: usize,
    /// Connections that may wait for a place beside those; more are closed at once.
    pub waiting: usize,
    /// How long a connection waits for a place before it is closed.
    pub wait: Duration,
    /// From connection to the end of the TLS handshake.
    pub handshake: Duration,
    /// From the first moment a request is expected to the end of its head; over HTTP/1.1 also the longest pause
    /// between two requests.
    pub header_read: Duration,
    /// The longest time a connection is kept with no request running on it.
    pub idle: Duration,
    /// From the end of the head to the last byte of the body.
    pub body_read: Duration,
    /// From the end of the head to the answer.
    pub request: Duration,
    /// How long running answers may take once the server shuts down, or a closed connection to send its last bytes.
    pub drain: Duration,
    /// Bytes of a request target (ATK-DOS-10).
    pub uri_bytes: usize,
    /// Bytes of a request's head, target included.
    pub header_bytes: usize,
    /// Bytes of a request's body (PAR-01).
    pub body_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            waiting: 256,
            wait: Duration::from_secs(5),
            handshake: Duration::from_secs(10),
            header_read: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            body_read: Duration::from_secs(10),
            request: Duration::from_secs(30),
            drain: Duration::from_secs(15),
            uri_bytes: 32 * 1024,
            header_bytes: 48 * 1024,
            body_bytes: 128 * 1024,
        }
    }
}

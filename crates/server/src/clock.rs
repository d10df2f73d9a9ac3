use countersign_protocol::time::UnixTime;

/// Says what time it is. The program reads the clock of its machine; tests hold one that they move.
pub trait Clock: Send + Sync {
    /// Now, in whole seconds.
    fn now(&self) -> UnixTime;
}

/// Who asks: what a person needs in order to recognise the client, or to notice that they do not.
///
/// The name is the client's own claim. The host is where the answer goes, and is the part that was checked,
/// so pages never show the one without the other (RED-12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientIdentity {
    /// `client_name` as registered, or the client id.
    pub name: String,
    /// Host, and port unless it is the default, of the matched redirect URI.
    pub redirect_host: String,
}

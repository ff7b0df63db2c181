//! What goes wrong at the test server, and what it has seen.
//!
//! Decides nothing: these are the words of a test. A number counts down as it is used up.

/// What goes wrong.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// So many requests to the workspace are answered by 429.
    pub throttled: u32,
    /// So many requests to the workspace are answered by 503.
    pub unavailable: u32,
    /// So many requests to the workspace are answered by 500.
    pub internal: u32,
    /// What 429 and 503 ask to wait for.
    pub retry_after_seconds: Option<u64>,
    /// So many good tokens are refused all the same.
    pub tokens_refused: u32,
    /// What refused tokens are answered by, in place of 401: a status and a body.
    pub token_refusal: Option<(u16, serde_json::Value)>,
    /// So many requests to the token endpoint are answered by 503.
    pub tokens_unavailable: u32,
    /// Added to the bytes of what the token endpoint answers.
    pub token_bytes_more: usize,
    /// So many statements begin, and then the connection ends without an answer.
    pub submissions_dropped: u32,
    /// Statements run until they are cancelled.
    pub is_endless: bool,
    /// The state that an answer says of a statement that is not over, in place of its own.
    pub unfinished_state: Option<&'static str>,
    /// So many questions for a statement's state are answered by `PENDING` and `RUNNING`.
    pub polls_unfinished: u32,
    /// So many questions for a statement's state find that it is not known.
    pub polls_unknown: u32,
    /// Statements end in this state, whatever came out: `CANCELED` or `CLOSED`.
    pub final_state: Option<&'static str>,
    /// What answers call a statement in place of its id.
    pub statement_id: Option<String>,
    /// What answers to questions for a statement's state call it in place of its id.
    pub polled_id: Option<String>,
    /// Added to the number of rows, chunks and bytes that a manifest announces.
    pub rows_more: u64,
    /// See `rows_more`.
    pub chunks_more: u64,
    /// See `rows_more`.
    pub bytes_more: u64,
    /// Taken from the number of rows that a manifest announces.
    pub rows_less: u64,
    /// Added to what a link announces of its own chunk.
    pub link_rows_more: u64,
    /// See `link_rows_more`.
    pub link_bytes_more: u64,
    /// What the first column is called in the manifest.
    pub column_name: Option<String>,
    /// An empty result has one chunk without rows, and not none.
    pub has_empty_chunk: bool,
    /// A statement's state comes without the first of its rows.
    pub is_first_chunk_left_out: bool,
    /// An answer holds the links of all chunks that follow.
    pub has_all_links: bool,
    /// Whichever chunk is asked for, this one is given.
    pub given_chunk: Option<usize>,
    /// The chunk that every answer names as the next one.
    pub next_chunk: Option<u64>,
    /// So many links are refused by the storage, as if they had expired.
    pub links_expired: u32,
    /// So many links say of themselves that they have expired.
    pub links_expired_by_time: u32,
    /// Where links lead, in place of the storage.
    pub links_url: Option<String>,
    /// So many requests to the storage are answered by 503.
    pub storage_unavailable: u32,
    /// The chunk in whose middle the connection ends.
    pub dropped_in_chunk: Option<usize>,
    /// The chunk that is served short, as if it were whole.
    pub cut_chunk: Option<usize>,
    /// The chunk whose columns are served in capitals.
    pub renamed_chunk: Option<usize>,
    /// The chunk that is served as bytes that mean nothing.
    pub garbled_chunk: Option<usize>,
}

/// Whether a fault that counts down is due; it counts.
pub(crate) fn is_due(count: &mut u32) -> bool {
    let is_due = *count > 0;
    *count = count.saturating_sub(1);
    is_due
}

/// What a server has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Requests to the workspace, refused ones too.
    pub requests: u32,
    /// Exchanges at the token endpoint.
    pub exchanges: u32,
    /// The claims of which an exchange was made: the grant type and the client it named.
    pub grants: Vec<(String, Option<String>)>,
    /// Statements that began.
    pub statements: u32,
    /// The text of each statement.
    pub texts: Vec<String>,
    /// The tags of each statement.
    pub tags: Vec<Vec<(String, String)>>,
    /// Questions for a statement's state.
    pub polls: u32,
    /// Questions for a chunk, or for its link.
    pub chunks: u32,
    /// Statements that were cancelled while they ran.
    pub cancelled: u32,
    /// Statements that run now.
    pub running: u32,
    /// Requests to the storage.
    pub fetches: u32,
    /// Requests to the storage with a credential: there may be none.
    pub fetches_with_authorization: u32,
    /// Requests that were refused as none of the interface, and why.
    pub refused: Vec<String>,
}

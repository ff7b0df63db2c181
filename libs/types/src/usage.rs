//! What a language model used for a task, in the units in which it is paid for.

/// Tokens and calls. All are zero where no model behind a network was asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ModelUsage {
    /// Calls, repetitions of the client library not counted.
    pub calls: u32,
    /// Tokens read, those from and into the provider's cache included.
    pub input_tokens: u64,
    /// Those of `input_tokens` that came from the cache.
    pub cache_read_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
}

impl ModelUsage {
    /// Both together; at the largest number it stops.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            cache_read_tokens: self.cache_read_tokens.saturating_add(other.cache_read_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
        }
    }
}

//! What holds of every text, whatever the draft.

mod vocabulary;

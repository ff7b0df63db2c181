//! Bounds that hold before a parser sees the draft, so that no text can exhaust its stack or its time.
//!
//! Decides size and shape of the token stream. Says nothing about meaning.

use crate::error::GuardError;
use sqlparser::dialect::DatabricksDialect;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

/// Bytes of a draft, and of the canonical text.
pub(crate) const BYTES_MAX: usize = 16 * 1024;
/// Tokens, spaces and comments not counted.
const TOKENS_MAX: usize = 6_000;
/// Nesting of brackets and CASE.
pub(crate) const NESTING_MAX: usize = 32;
/// Tokens between two commas of one nesting level. Chains of operators build trees as deep as they are
/// long, and a tree this deep can still be dropped on a small stack.
const RUN_TOKENS_MAX: usize = 1_200;
/// Brackets opened one right after the other. sqlparser tries several readings of each, and what it
/// tries doubles with every further one.
const OPENINGS_MAX: usize = 8;
/// What sqlparser may descend; each nested query takes several of its steps.
pub(crate) const PARSER_STEPS_MAX: usize = 96;

/// Nodes of the tree.
pub(crate) const NODES_MAX: usize = 2_000;
/// Levels of expressions, queries and relations.
pub(crate) const DEPTH_MAX: usize = 32;
/// Operands of one chain of binary operators or set operations.
pub(crate) const CHAIN_MAX: usize = 200;
/// Literals of one IN list.
pub(crate) const IN_LIST_MAX: usize = 1_000;
/// Joins of one SELECT.
pub(crate) const JOINS_MAX: usize = 8;
/// Relations after every reference to a CTE is replaced by what it reads: small texts can double it per line.
pub(crate) const RELATIONS_MAX: usize = 64;
/// Output columns of one SELECT.
pub(crate) const COLUMNS_MAX: usize = 256;
/// How many times wider than its input a text may become; memory pools do not see text functions.
pub(crate) const WIDTH_MAX: u32 = 64;
/// Columns of a CUBE or ROLLUP, and sets of GROUPING SETS.
pub(crate) const GROUPING_MAX: usize = 4;

/// The dialect that drafts are written in, and that the canonical text is read back in.
pub(crate) const DIALECT: DatabricksDialect = DatabricksDialect {};

/// Splits a text into tokens, if it is within bounds.
pub(crate) fn tokens(text: &str) -> Result<Vec<TokenWithSpan>, GuardError> {
    if text.len() > BYTES_MAX {
        return Err(GuardError::too_complex(format!("more than {BYTES_MAX} bytes")));
    }
    let tokens = Tokenizer::new(&DIALECT, text).tokenize_with_location().map_err(|error| {
        GuardError::not_allowed("not SQL", "close every quote and comment")
            .at(error.location.line, error.location.column)
    })?;
    refuse_foreign_letters(text, &tokens)?;
    let tokens: Vec<_> =
        tokens.into_iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).collect();
    check_shape(&tokens)?;
    Ok(tokens)
}

/// ASCII outside string literals: engines fold look-alike letters and read odd spaces, a list does not.
fn refuse_foreign_letters(text: &str, tokens: &[TokenWithSpan]) -> Result<(), GuardError> {
    let foreign = |text: &str| text.chars().filter(|letter| !letter.is_ascii()).count();
    let mut in_literals = 0;
    for token in tokens {
        if let Token::SingleQuotedString(literal) = &token.token {
            in_literals += foreign(literal);
        }
    }
    let control = |letter: char| letter.is_ascii_control() && !matches!(letter, '\n' | '\r' | '\t');
    if foreign(text) != in_literals || text.contains(control) {
        return Err(GuardError::not_allowed(
            "a character outside ASCII, outside a string literal",
            "use ASCII letters, and single quotes for text",
        ));
    }
    Ok(())
}

fn check_shape(tokens: &[TokenWithSpan]) -> Result<(), GuardError> {
    if tokens.len() > TOKENS_MAX {
        return Err(GuardError::too_complex(format!("more than {TOKENS_MAX} tokens")));
    }
    // One run per open bracket or CASE.
    let mut runs = vec![0_usize];
    let mut openings = 0;
    for TokenWithSpan { token, span } in tokens {
        let place = |error: GuardError| error.at(span.start.line, span.start.column);
        let keyword = match token {
            Token::Word(word) if word.quote_style.is_none() => word.keyword,
            _ => Keyword::NoKeyword,
        };
        let opens = matches!(token, Token::LParen | Token::LBracket | Token::LBrace);
        openings = if opens { openings + 1 } else { 0 };
        if openings > OPENINGS_MAX {
            return Err(place(GuardError::too_complex(format!("more than {OPENINGS_MAX} brackets in a row"))));
        }
        if opens || keyword == Keyword::CASE {
            runs.push(0);
        } else if matches!(token, Token::RParen | Token::RBracket | Token::RBrace) || keyword == Keyword::END {
            // What closes too much is left to the parser to refuse.
            let _ = runs.pop();
        } else if matches!(token, Token::Comma)
            && let Some(run) = runs.last_mut()
        {
            *run = 0;
        }
        if runs.len() > NESTING_MAX {
            return Err(place(GuardError::too_complex(format!("nested deeper than {NESTING_MAX}"))));
        }
        match runs.last_mut() {
            Some(run) if *run > RUN_TOKENS_MAX => {
                return Err(place(GuardError::too_complex("an expression that is too long")));
            }
            Some(run) => *run += 1,
            None => runs.push(0),
        }
    }
    Ok(())
}

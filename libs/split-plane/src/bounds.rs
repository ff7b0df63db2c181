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
/// Nesting of queries. The parser's frames for one level are the largest there are.
const QUERY_NESTING_MAX: usize = 8;
/// Nesting of what opens with a word that has a syntax of its own, such as CAST. Where sqlparser fails
/// inside of one, it reads it all again as a call of that name: twice as long for every further one.
const SYNTAX_NESTING_MAX: usize = 6;
/// What sqlparser may descend; each nested query takes several of its steps.
pub(crate) const PARSER_STEPS_MAX: usize = 96;

/// Nodes of the draft's tree.
pub(crate) const NODES_MAX: usize = 2_000;
/// Levels of expressions, queries and relations.
pub(crate) const DEPTH_MAX: usize = 32;
/// Operands of one chain of binary operators or set operations.
pub(crate) const CHAIN_MAX: usize = 200;
/// Operators of arithmetic above one another. Engines look at the whole of a term for each of its parts.
pub(crate) const ARITHMETIC_MAX: u16 = 32;
/// Different windows of one SELECT. An engine sorts for each, and looks for orders that serve several.
pub(crate) const WINDOWS_MAX: usize = 8;
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
    let outside_literals = || {
        let mut in_literals = 0;
        for token in tokens {
            if let Token::SingleQuotedString(literal) = &token.token {
                in_literals += foreign(literal);
            }
        }
        foreign(text) != in_literals
    };
    let control = |byte: u8| byte.is_ascii_control() && !matches!(byte, b'\n' | b'\r' | b'\t');
    // Most drafts are ASCII all through, which is seen at a glance.
    if (!text.is_ascii() && outside_literals()) || text.bytes().any(control) {
        return Err(GuardError::not_allowed(
            "a character outside ASCII, outside a string literal",
            "use ASCII letters, and single quotes for text",
        ));
    }
    Ok(())
}

/// One open bracket or CASE, or the statement itself.
#[derive(Debug, Default)]
struct Level {
    /// Tokens since the last comma.
    run: usize,
    /// Whether a word with a syntax of its own opened it.
    syntax: bool,
    /// Whether it holds a query.
    query: bool,
}

fn check_shape(tokens: &[TokenWithSpan]) -> Result<(), GuardError> {
    if tokens.len() > TOKENS_MAX {
        return Err(GuardError::too_complex(format!("more than {TOKENS_MAX} tokens")));
    }
    let mut levels = vec![Level::default()];
    let mut before = Keyword::NoKeyword;
    for TokenWithSpan { token, span } in tokens {
        let mut keyword = Keyword::NoKeyword;
        if let Token::Word(word) = token
            && word.quote_style.is_none()
        {
            keyword = word.keyword;
        }
        step(&mut levels, token, keyword, before);
        let refused = if matches!(token, Token::LBracket | Token::LBrace | Token::Arrow) {
            // No rule takes what they stand for, and the parser tries several readings of each.
            Some(GuardError::not_allowed("`[`, `{` or `->`", "use plain values and columns"))
        } else {
            too_deep(&levels)
        };
        if let Some(error) = refused {
            return Err(error.at(span.start.line, span.start.column));
        }
        before = keyword;
    }
    Ok(())
}

fn step(levels: &mut Vec<Level>, token: &Token, keyword: Keyword, before: Keyword) {
    let opens = *token == Token::LParen;
    if opens || keyword == Keyword::CASE {
        levels.push(Level { run: 0, syntax: opens && has_syntax(before), query: false });
    } else if *token == Token::RParen || keyword == Keyword::END {
        // What closes too much is left to the parser to refuse.
        let _ = levels.pop();
    }
    if levels.is_empty() {
        levels.push(Level::default());
    }
    if let Some(level) = levels.last_mut() {
        level.run = if *token == Token::Comma { 0 } else { level.run + 1 };
        level.query |= matches!(keyword, Keyword::SELECT | Keyword::WITH | Keyword::VALUES | Keyword::FROM);
    }
}

fn too_deep(levels: &[Level]) -> Option<GuardError> {
    let too_complex =
        |what: &str, max: usize| Some(GuardError::too_complex(format!("{what} deeper than {max}")));
    if levels.len() > NESTING_MAX {
        too_complex("brackets", NESTING_MAX)
    } else if levels.iter().filter(|level| level.syntax).count() > SYNTAX_NESTING_MAX {
        too_complex("CAST and the like", SYNTAX_NESTING_MAX)
    } else if levels.iter().filter(|level| level.query).count() > QUERY_NESTING_MAX {
        too_complex("queries", QUERY_NESTING_MAX)
    } else if levels.last().is_some_and(|level| level.run > RUN_TOKENS_MAX) {
        Some(GuardError::too_complex("an expression that is too long"))
    } else {
        None
    }
}

/// Words that sqlparser reads in a way of their own before it tries them as names.
fn has_syntax(keyword: Keyword) -> bool {
    const WORDS: &[Keyword] = &[
        Keyword::ARRAY,
        Keyword::CASE,
        Keyword::CAST,
        Keyword::CEIL,
        Keyword::CONVERT,
        Keyword::EXISTS,
        Keyword::EXTRACT,
        Keyword::FLOOR,
        Keyword::INTERVAL,
        Keyword::LAMBDA,
        Keyword::MAP,
        Keyword::MATCH,
        Keyword::NOT,
        Keyword::OVERLAY,
        Keyword::POSITION,
        Keyword::SAFE_CAST,
        Keyword::STRUCT,
        Keyword::SUBSTR,
        Keyword::SUBSTRING,
        Keyword::TRIM,
        Keyword::TRY_CAST,
        Keyword::TRY_CONVERT,
    ];
    WORDS.contains(&keyword)
}

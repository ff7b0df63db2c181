//! The words that claim nothing. A word that is neither here, nor in [`crate::words`], nor of the result
//! and its question, could claim anything and is refused.
//!
//! So no word stands here that ranks, compares, counts, dates, judges or explains, and no noun of any
//! business: what a row or a figure is called, the result and the say.

use std::collections::HashSet;
use std::sync::LazyLock;

/// By what they do in a sentence: articles and pronouns, links, plain verbs, nouns for parts of a result,
/// and adverbs.
const NEUTRAL: [&str; 5] = [
    "a an the this that these those it its they their them there here we our us you your itself themselves which \
     who whose what whichever",
    "about across after against also among amongst and another any around as at before both but by during for from in inside into \
     of off on onto or out per regarding respectively since so than through throughout till to toward towards until \
     upon via versus vs when where whereas while with within whether although though however meanwhile plus including \
     terms compared comparison comparing compare compares relative ",
    "account accounted accounting accounts add added adding adds amount amounted amounting amounts appear appears \
     appeared are be been being bring bringing brings brought came come comes coming comprise comprised comprises \
     comprising consist consisted consists constitute constituted constitutes constituting contain contained contains \
     contribute contributed contributes contributing cover covered covering covers earned earning earns \
     ended ending ends find found gave generate generated generates generating give given gives had has have having \
     hold holding holds held include included includes is accrued indicate indicates kept made make makes \
     making meaning note noted occurred placed post posted posting posts produce produced produces producing \
     provide provided put puts rank ranked ranking ranks reach reached reaches reaching read reads recorded \
     recording refer refers register registered report reported reporting reports represent represented representing \
     represents result resulted resulting return returned returns saw see seen sees show showed showing shows sit sits \
     sold stand standing stands started starting starts stood take taken takes taking took was were yielded \
     collected collecting collects handled delivered delivering delivers completed attributed attributable belongs \
     belong goes drove drives driven ran runs served serves treated shipped carried hosted booked rented hired issued \
     used logged attended stayed remained remains",
    "amount amounts analysis answer breakdown calendar column columns contribution contributions contributor \
     contributors data detail details entry entries figure figures finding findings group groups highlights \
     level levels line lines list measure measures name named names note notes number numbers overview part \
     parts percent percentage period periods place places portion portions position question records \
     result results row rows series set share shares start end summary table tables \
     value values view",
    "alone approximately roughly exactly just precisely now specifically namely individually individual \
     separately selected requested available right thus \
     ",
];

static WORDS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| NEUTRAL.into_iter().flat_map(str::split_ascii_whitespace).collect());

/// Whether `word`, in lower case, claims nothing.
pub(crate) fn is_neutral(word: &str) -> bool {
    WORDS.contains(word)
}

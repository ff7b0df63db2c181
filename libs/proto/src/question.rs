//! Which signed messages hold a question, and in which conversation one is asked.
//!
//! Decides nothing about a question or a conversation: those are read and judged by the services.

use crate::gateway::v1::AskRequest;
use prost::Message as _;
use splitplane_types::message_of;

/// Methods of the gateway whose signed message is a question: on the wire, both are an [`AskRequest`].
pub const QUESTION_METHODS: [&str; 2] =
    ["/splitplane.gateway.v1.GatewayService/Ask", "/splitplane.gateway.v1.GatewayService/OpenSession"];

/// The conversation that a signed frame says it continues. A frame that is no question, or that does not read, says
/// none.
#[must_use]
pub fn conversation_of(method: &str, frame: &[u8]) -> Option<String> {
    if !QUESTION_METHODS.contains(&method) {
        return None;
    }
    let message = AskRequest::decode(message_of(frame)?).ok()?;
    Some(message.conversation).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::v1::Question;
    use crate::gateway::v1::OpenSessionRequest;
    use splitplane_types::frame;

    #[test]
    fn a_question_of_either_method_says_its_conversation() {
        let question = Some(Question { text: "how many?".into(), as_of: None });
        let ask = |conversation: &str| {
            let question = question.clone();
            frame(&AskRequest { question, conversation: conversation.into() }.encode_to_vec())
        };
        let opened = OpenSessionRequest { question: question.clone(), conversation: "a.b.c".into() };
        let [asks, opens] = QUESTION_METHODS;
        assert_eq!(conversation_of(asks, &ask("a.b.c")).as_deref(), Some("a.b.c"));
        assert_eq!(conversation_of(opens, &frame(&opened.encode_to_vec())).as_deref(), Some("a.b.c"));
        assert_eq!(conversation_of(asks, &ask("")), None);
        assert_eq!(conversation_of("/splitplane.gateway.v1.GatewayService/ListMetrics", &ask("a.b.c")), None);
        for broken in [&b""[..], b"\0\0\0\0\x01\xff", &ask("a.b.c")[1..]] {
            assert_eq!(conversation_of(asks, broken), None);
        }
    }
}

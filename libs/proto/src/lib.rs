//! The API: generated messages, clients and servers, the descriptor set, and the one place where
//! wire values become domain values and back.

pub mod convert;
mod question;
mod reason;

pub use question::{QUESTION_METHODS, conversation_of};
pub use reason::wire_reason;

/// The encoded `FileDescriptorSet` of every proto here, for reflection and dynamic messages.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

pub use generated::{auth, common, gateway, query, reasoning, schema_router};

#[expect(
    clippy::all,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::as_conversions,
    clippy::missing_errors_doc,
    clippy::too_many_lines,
    reason = "generated code"
)]
mod generated {
    //! What prost and tonic make of the protos.

    macro_rules! area {
        ($area:ident, $package:literal, $doc:literal) => {
            #[doc = $doc]
            pub mod $area {
                #[doc = $doc]
                pub mod v1 {
                    tonic::include_proto!($package);
                }
            }
        };
    }

    area!(common, "splitplane.common.v1", "Messages that several services share.");
    area!(gateway, "splitplane.gateway.v1", "The door of the mesh.");
    area!(auth, "splitplane.auth.v1", "Who is asking.");
    area!(reasoning, "splitplane.reasoning.v1", "What is asked.");
    area!(schema_router, "splitplane.schema_router.v1", "Which relations, and SQL over them.");
    area!(query, "splitplane.query.v1", "The data plane.");
}

use super::*;
use crate::connect::expression::column;
use prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage as _, Value as Reflected};
use std::collections::BTreeSet;

fn descriptors() -> DescriptorPool {
    DescriptorPool::decode(&include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"))[..]).unwrap()
}

/// Every plan id that is in a message, found by the message's description and not by the walk under test.
fn plan_ids(message: &DynamicMessage, ids: &mut Vec<i64>, relations: &mut usize) {
    if message.descriptor().name() == "Relation" {
        *relations += 1;
    }
    for (field, value) in message.fields() {
        if field.name() == "plan_id" {
            ids.extend(value.as_i64());
        }
        let items = value.as_list().map(<[Reflected]>::iter).into_iter().flatten();
        for inner in items.chain([value]).filter_map(Reflected::as_message) {
            plan_ids(inner, ids, relations);
        }
    }
}

#[test]
fn every_relation_is_sent_with_an_id_of_its_own() {
    let files = read_files(Files { format: "parquet".into(), paths: vec!["/d".into()], ..Files::default() });
    let scoped = filter(files.clone(), column("a"));
    let joined =
        semi_join(aliased(scoped.clone(), "s"), named_table(&["t"]), JoinOn::Columns(vec!["a".into()]));
    let both = union_all(project(joined, vec![column("a")]), union_all(scoped, empty("a INT")));
    let mut plan = limit(count(union_all(both, sql("select 1", vec![])), "n"), 5);
    let next = AtomicI64::new(1);
    number(&mut plan, &next);
    let relation = descriptors().get_message_by_name("spark.connect.Relation").unwrap();
    let mut message = DynamicMessage::new(relation);
    message.transcode_from(&plan).unwrap();
    let (mut ids, mut relations) = (Vec::new(), 0);
    plan_ids(&message, &mut ids, &mut relations);
    assert_eq!(relations, 15);
    assert_eq!(ids.len(), relations);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), relations, "{ids:?}");
}

/// Messages of ours that stand for several alike ones of the protocol.
const STAND_INS: [&str; 2] = ["spark.connect.DataType.Plain", "spark.connect.DataType.Length"];

/// Compares with the protocol's own description, where there is one: a `FileDescriptorSet` at the path in
/// `SPLITPLANE_SPARK_DESCRIPTORS`.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test that runs where a description is at hand")]
fn every_field_has_the_protocols_number_and_type() {
    let Ok(path) = std::env::var("SPLITPLANE_SPARK_DESCRIPTORS") else {
        eprintln!("SKIPPED: SPLITPLANE_SPARK_DESCRIPTORS names no description of the protocol");
        return;
    };
    let theirs = DescriptorPool::decode(&std::fs::read(path).unwrap()[..]).unwrap();
    let mut fields = 0;
    for message in descriptors().all_messages() {
        if STAND_INS.contains(&message.full_name()) {
            continue;
        }
        let other = theirs.get_message_by_name(message.full_name()).unwrap();
        for field in message.fields() {
            let name = field.full_name();
            let same = other.get_field_by_name(field.name()).unwrap_or_else(|| panic!("no {name}"));
            assert_eq!(field.number(), same.number(), "{name}");
            assert_eq!(field.cardinality(), same.cardinality(), "{name}");
            assert_eq!(field.supports_presence(), same.supports_presence(), "{name}");
            match (field.kind(), same.kind()) {
                (prost_reflect::Kind::Message(ours), prost_reflect::Kind::Message(theirs)) => {
                    let is_stand_in = STAND_INS.contains(&ours.full_name());
                    assert!(is_stand_in || ours.full_name() == theirs.full_name(), "{name}");
                }
                (ours, theirs) => assert_eq!(format!("{ours:?}"), format!("{theirs:?}"), "{name}"),
            }
            fields += 1;
        }
    }
    assert!(fields > 150, "{fields}");
    for ours in descriptors().all_enums() {
        let theirs = theirs.get_enum_by_name(ours.full_name()).unwrap();
        for value in ours.values() {
            assert_eq!(theirs.get_value(value.number()).unwrap().name(), value.name());
        }
    }
    let service = theirs.get_service_by_name("spark.connect.SparkConnectService").unwrap();
    for method in descriptors().services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
        let same = service.methods().find(|other| other.name() == method.name()).unwrap();
        assert_eq!(method.input().full_name(), same.input().full_name());
        assert_eq!(method.output().full_name(), same.output().full_name());
        assert_eq!(method.is_server_streaming(), same.is_server_streaming());
    }
}

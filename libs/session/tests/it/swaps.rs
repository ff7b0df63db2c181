//! Every receipt tried with every session: it fits the one it was signed for and no other, however
//! little the two differ.

use crate::world::{World, claims_of, grant, now, receipt_claims};
use serde_json::Value;
use splitplane_session::{ReceiptError, SessionGrant, SessionKey, VerifiedReceipt, VerifiedSession};
use splitplane_types::{Digest, Txn};

const TYP: &str = "splitplane-receipt+jwt";

/// What binds a receipt to its session.
const BINDINGS: [&str; 3] = ["txn", "key_sha256", "question_sha256"];

fn changed(change: impl FnOnce(&mut SessionGrant)) -> SessionGrant {
    let mut granted = grant();
    change(&mut granted);
    granted
}

/// Six requests that have nothing but the moment in common.
fn strangers() -> Vec<SessionGrant> {
    let methods = ["Ask", "Plan", "Explain", "Resume", "Cancel", "Feedback"];
    let stranger = |(number, method): (u128, &str)| {
        changed(|granted| {
            granted.composite = format!("tenant-{number}/business_{number}/admin.{number}").parse().unwrap();
            granted.txn = Txn::from_parts(1_795_348_800_000, 100 + number);
            granted.body_digest = Digest::of(method.as_bytes());
            granted.method = format!("/splitplane.gateway.v1.GatewayService/{method}");
        })
    };
    (0..).zip(methods).map(stranger).collect()
}

/// One request, and for each part of it a twin that differs from it in this part alone.
fn twins() -> Vec<SessionGrant> {
    let composite = |text: &str| changed(|granted| granted.composite = text.parse().unwrap());
    vec![
        grant(),
        // Minted a second time: another key text for the same request.
        grant(),
        changed(|granted| granted.txn = Txn::from_parts(1_795_348_800_000, 3)),
        changed(|granted| granted.body_digest = Digest::of(b"what were total sales last month?")),
        composite("tenant-2/business_2/admin.3"),
        composite("tenant-1/business_3/admin.3"),
        composite("tenant-1/business_2/admin.4"),
        changed(|granted| granted.role = "viewer".parse().unwrap()),
        changed(|granted| granted.method = "/splitplane.gateway.v1.GatewayService/Explain".into()),
        changed(|granted| granted.principal = "other".parse().unwrap()),
    ]
}

/// Each with a session key, a session and a receipt of its own.
struct Mesh {
    world: World,
    keys: Vec<SessionKey>,
    sessions: Vec<VerifiedSession>,
    receipts: Vec<String>,
}

impl Mesh {
    fn of(grants: &[SessionGrant]) -> Self {
        let world = World::new();
        let keys: Vec<_> = grants.iter().map(|granted| world.mint(granted)).collect();
        let sessions: Vec<_> = keys.iter().map(|key| world.verifier.verify(key, now()).unwrap()).collect();
        let sign = |session| world.signer.sign(session, &receipt_claims(), now()).unwrap();
        let receipts = sessions.iter().map(sign).collect();
        Self { world, keys, sessions, receipts }
    }

    fn verify(&self, receipt: &str, session: usize) -> Result<VerifiedReceipt, ReceiptError> {
        self.world.verifier.verify_receipt(receipt, &self.sessions[session], now())
    }

    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        let count = self.sessions.len();
        (0..count).flat_map(move |mine| (0..count).map(move |theirs| (mine, theirs)))
    }
}

/// Verifies every pair, and counts those that passed and those that did not.
fn swapped(mesh: &Mesh) -> (usize, usize) {
    let (mut passed, mut refused) = (0, 0);
    for (mine, theirs) in mesh.pairs() {
        match mesh.verify(&mesh.receipts[theirs], mine) {
            Ok(_) => {
                assert_eq!(mine, theirs);
                passed += 1;
            }
            Err(why) => {
                let is_other_transaction = mesh.sessions[mine].txn() != mesh.sessions[theirs].txn();
                let expected = if is_other_transaction {
                    ReceiptError::OtherTransaction
                } else {
                    ReceiptError::OtherSessionKey
                };
                assert_eq!(why, expected, "{mine} {theirs}");
                refused += 1;
            }
        }
    }
    (passed, refused)
}

#[test]
fn a_receipt_fits_one_of_six_strangers() {
    assert_eq!(swapped(&Mesh::of(&strangers())), (6, 30));
}

#[test]
fn a_receipt_fits_one_of_many_that_differ_in_one_thing() {
    assert_eq!(swapped(&Mesh::of(&twins())), (10, 90));
}

#[test]
fn every_key_gives_the_session_it_was_minted_for() {
    for grants in [strangers(), twins()] {
        let mesh = Mesh::of(&grants);
        // The verifier remembers keys: asked again, in another order, it must not mix them up.
        for (index, granted) in grants.iter().enumerate().rev() {
            let session = mesh.world.verifier.verify(&mesh.keys[index], now()).unwrap();
            assert_eq!(session.key_digest(), mesh.keys[index].digest());
            assert_eq!(session.composite(), &granted.composite);
            assert_eq!(session.role(), &granted.role);
            assert_eq!(session.txn(), granted.txn);
            assert_eq!(session.body_digest(), granted.body_digest);
            assert_eq!(session.method(), granted.method);
            assert_eq!(session.principal(), &granted.principal);
        }
        for (mine, theirs) in mesh.pairs() {
            let is_same = mesh.sessions[mine].key_digest() == mesh.sessions[theirs].key_digest();
            assert_eq!(is_same, mine == theirs, "{mine} {theirs}");
        }
    }
}

fn bindings(claims: &Value) -> [&Value; 3] {
    BINDINGS.map(|name| &claims[name])
}

// Sealed with the key of `reasoning`: no signature stops these, the comparison of the bindings does.
#[test]
fn a_receipt_mixed_of_two_fits_neither() {
    let (mut fitting, mut refused) = (0, 0);
    for grants in [strangers(), twins()] {
        let mesh = Mesh::of(&grants);
        let forger = &mesh.world.receipt_forger;
        let claims: Vec<Value> = mesh.receipts.iter().map(|receipt| claims_of(receipt)).collect();
        for (mine, theirs) in mesh.pairs() {
            for taken in 0..8 {
                let mut mixed = claims[mine].clone();
                for (_, name) in (0..).zip(BINDINGS).filter(|(bit, _)| taken >> bit & 1 == 1) {
                    mixed[name] = claims[theirs][name].clone();
                }
                let receipt = forger.seal(&forger.header(TYP), &mixed.to_string());
                for session in [mine, theirs] {
                    let fits = bindings(&mixed) == bindings(&claims[session]);
                    let verified = mesh.verify(&receipt, session);
                    assert_eq!(verified.is_ok(), fits, "{mine} {theirs} {taken:b}: {verified:?}");
                    if fits { fitting += 1 } else { refused += 1 }
                }
            }
        }
    }
    assert!(fitting > 100 && refused > 1_000, "{fitting} {refused}");
}

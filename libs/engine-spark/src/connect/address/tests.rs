use super::*;
use proptest::prelude::*;
use secrecy::ExposeSecret as _;

#[test]
fn an_address_says_where_and_what_every_call_carries() {
    let address = Address::parse(
        "sc://adb-1.azuredatabricks.net:443/;use_ssl=true;token=dapi%2B1;user_id=me;user_agent=us;x-databricks-cluster-id=0101-x",
    )
    .unwrap();
    assert_eq!((address.host(), address.port()), ("adb-1.azuredatabricks.net", 443));
    assert!(address.uses_tls());
    assert_eq!(address.token().unwrap().expose_secret(), "dapi+1");
    assert_eq!((address.user_id(), address.user_agent()), (Some("me"), Some("us")));
    let headers: Vec<_> =
        address.headers().iter().map(|(key, value)| (key.as_str(), value.to_str().unwrap())).collect();
    assert_eq!(headers, [("x-databricks-cluster-id", "0101-x")]);
}

#[test]
fn what_is_left_out_is_the_protocols_default() {
    for text in ["sc://engine", "sc://engine/", "sc://engine/;", "sc://engine:15002/;use_ssl=false;"] {
        let address = Address::parse(text).unwrap();
        assert_eq!((address.host(), address.port(), address.uses_tls()), ("engine", 15002, false), "{text}");
    }
    assert!(Address::parse("sc://engine/;token=t").unwrap().uses_tls());
    assert_eq!(Address::parse("sc://[::1]:1").unwrap().host(), "[::1]");
}

#[test]
fn what_is_not_understood_is_refused() {
    let key = |key: &str| AddressError::Key { key: key.to_owned() };
    let value = |key: &str| AddressError::Value { key: key.to_owned() };
    let twice = |key: &str| AddressError::Twice { key: key.to_owned() };
    let cases = [
        ("http://engine", AddressError::Shape),
        ("sc://engine/x=1", AddressError::Shape),
        ("sc://engine/path;x=1", AddressError::Shape),
        ("sc://", AddressError::Host),
        ("sc://me@engine", AddressError::Host),
        ("sc://a b", AddressError::Host),
        ("sc://[zz]:1", AddressError::Host),
        ("sc://engine:", AddressError::Port),
        ("sc://engine:0", AddressError::Port),
        ("sc://engine:+1", AddressError::Port),
        ("sc://engine:65536", AddressError::Port),
        ("sc://engine:1:2", AddressError::Port),
        ("sc://[::1]1", AddressError::Port),
        ("sc://engine/;flag", AddressError::Parameter),
        ("sc://engine/;use_ssl=yes", value("use_ssl")),
        ("sc://engine/;x-a=", value("x-a")),
        ("sc://engine/;x-a=%0d%0ax-b:1", value("x-a")),
        ("sc://engine/;x-a=%zz", value("x-a")),
        ("sc://engine/;user_id=%ff", value("user_id")),
        ("sc://engine/;x-a=\u{e9}", value("x-a")),
        ("sc://engine/;session_id=00000000-0000-4000-8000-000000000000", key("session_id")),
        ("sc://engine/;authorization=Bearer%20x", key("authorization")),
        ("sc://engine/;X-Upper=1", key("X-Upper")),
        ("sc://engine/;grpc-timeout=1S", key("grpc-timeout")),
        ("sc://engine/;a-bin=1", key("a-bin")),
        ("sc://engine/;s%3Decret=1", key("?")),
        ("sc://engine/;x-a=1;x-a=2", twice("x-a")),
        ("sc://engine/;use_ssl=true;use_ssl=true", twice("use_ssl")),
    ];
    for (text, error) in cases {
        assert_eq!(Address::parse(text).unwrap_err(), error, "{text}");
    }
}

#[test]
fn a_token_travels_in_the_clear_to_this_machine_alone() {
    for host in ["127.0.0.1", "127.9.9.9", "[::1]", "localhost"] {
        assert!(Address::parse(&format!("sc://{host}/;token=t;use_ssl=false")).is_ok(), "{host}");
    }
    for host in ["10.0.0.1", "localhost.example", "engine", "[::2]", "[::ffff:10.0.0.1]"] {
        let refused = Address::parse(&format!("sc://{host}/;token=t;use_ssl=false"));
        assert_eq!(refused.unwrap_err(), AddressError::TokenInTheClear, "{host}");
    }
}

#[test]
fn nothing_shows_a_token_or_a_headers_value() {
    let address = Address::parse("sc://engine/;token=hunter2;x-key=hunter3").unwrap();
    let shown = format!("{address:?}");
    assert!(!shown.contains("hunter"), "{shown}");
    let torn = Address::parse("sc://engine/;token=a;hunter2 =b").unwrap_err();
    assert!(!torn.to_string().contains("hunter"), "{torn}");
}

proptest! {
    #[test]
    fn any_value_comes_back_from_its_percent_encoding(value in "[^\\p{C}]{1,40}") {
        let encoded: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let address = Address::parse(&format!("sc://engine/;user_id={encoded}")).unwrap();
        prop_assert_eq!(address.user_id().unwrap(), value);
    }

    #[test]
    fn no_text_makes_the_reader_fail_otherwise_than_by_an_error(text in "sc://.{0,60}") {
        let _ = Address::parse(&text);
    }
}

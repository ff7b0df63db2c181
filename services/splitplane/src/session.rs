//! `splitplane session`: the way of one question through the services behind the gateway, by hand.
//!
//! Decides the text of a shell script. Each service checks session key, receipt and certificate as it
//! does when the gateway calls; the script can do nothing that the gateway could not.

use crate::caller::{Caller, question};
use crate::error::{CommandError, DONE};
use crate::home::Home;
use crate::profiles::Profile;
use crate::{output, shell, sign, when};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use splitplane_proto::gateway::v1::OpenSessionResponse;
use splitplane_service::Clock;
use std::time::SystemTime;

/// Open a session for a question, and print the grpcurl chain that answers it
#[derive(Debug, Args)]
pub(crate) struct SessionArgs {
    /// Profile to ask as
    #[arg(long = "as", value_name = "NAME")]
    name: String,
    /// The question
    question: String,
    /// Count relative periods from here: RFC 3339, or a date (its noon, UTC)
    #[arg(long, value_name = "TIME", value_parser = when::instant)]
    as_of: Option<SystemTime>,
    /// Run this statement in place of the one that is drafted
    #[arg(long, value_name = "STATEMENT")]
    sql: Option<String>,
}

/// Opens a session, and prints.
pub(crate) async fn run(home: &Home, args: &SessionArgs) -> Result<u8, CommandError> {
    let profile = Profile::read(&home.profiles(), &args.name)?;
    let caller = Caller::new(&profile, Clock::system())?;
    let session = caller.open_session(question(&args.question, args.as_of)).await?;
    output::out(&script(&profile, &session, args.sql.as_deref()))?;
    Ok(DONE)
}

/// The script. It runs in a subshell, so that an error in a pasted copy ends that and not the shell.
///
/// Values are cut out of grpcurl's JSON as they stand and put into the next message as they stand, so
/// nothing is decoded in between.
fn script(profile: &Profile, session: &OpenSessionResponse, sql: Option<&str>) -> String {
    let services = &profile.services;
    let tls = sign::tls(profile);
    let key = shell::quoted(&format!("txn-token: {}", session.session_key));
    let frame = STANDARD.encode(&session.frame);
    // As JSON, without its quotes: what `text` would have cut out of an answer.
    let written = sql.map_or_else(
        || r#"$(printf '%s\n' "$written" | text sql)"#.to_owned(),
        |sql| {
            let json = serde_json::Value::from(sql).to_string();
            let inner = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            shell::quoted(inner.unwrap_or(&json))
        },
    );
    let (reasoning, router, query) = (
        shell::quoted(&services.reasoning),
        shell::quoted(&services.schema_router),
        shell::quoted(&services.query),
    );
    format!(
        r#"(
set -eu
call() {{ grpcurl {tls} -rpc-header {key} -d "$3" "$1" "$2"; }}
text() {{ sed -n 's/^ *"'"$1"'": "\(.*\)",\{{0,1\}}$/\1/p' | head -n 1; }}
flat() {{ tr -d '\n'; }}

validated=$(call {reasoning} splitplane.reasoning.v1.ReasoningService/Validate '{{"frame":"{frame}"}}')
printf '%s\n' "$validated"
receipt=$(printf '%s\n' "$validated" | text receipt)
[ -n "$receipt" ] || exit 3

routed=$(call {router} splitplane.schema_router.v1.SchemaRouterService/Route '{{"receipt":"'"$receipt"'"}}')
printf '%s\n' "$routed"
relations=$(printf '%s' "$routed" | flat | sed -n 's/.*"relations": *\(\[[^]]*\]\).*/\1/p')

opened=$(call {query} splitplane.query.v1.QueryService/OpenSandbox '{{"receipt":"'"$receipt"'","relations":'"$relations"'}}')
printf '%s\n' "$opened"
sandbox=$(printf '%s\n' "$opened" | text sandboxId)
[ -n "$sandbox" ] || exit 3
schemas=$(printf '%s' "$opened" | flat | sed -n 's/.*"relations": *\(\[.*\]\), *"securitySql":.*/\1/p')
filters=$(printf '%s' "$opened" | flat | sed -n 's/.*}}, *"filters": *\(\[.*\]\) *}} *}} *$/\1/p')

written=$(call {router} splitplane.schema_router.v1.SchemaRouterService/WriteSql '{{"receipt":"'"$receipt"'","relations":'"$schemas"',"filters":'"${{filters:-[]}}"'}}')
printf '%s\n' "$written"
sql={written}

call {query} splitplane.query.v1.QueryService/Execute '{{"sandboxId":"'"$sandbox"'","sql":"'"$sql"'"}}'
)
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profiles::tests::profile;
    use std::process::Command;

    fn session() -> OpenSessionResponse {
        OpenSessionResponse {
            session_key: "KEY".to_owned(),
            frame: vec![0, 0, 0, 0, 0],
            ..Default::default()
        }
    }

    /// Runs the script in a shell whose grpcurl is a function that plays the services, and gives the
    /// message that reached Execute.
    fn executed(answers: &[(&str, &str)], sql: Option<&str>) -> String {
        let cases: String = answers
            .iter()
            .map(|(method, json)| format!("*/{method}) cat <<'ANSWER'\n{json}\nANSWER\n;;\n"))
            .collect();
        let play = format!(
            "grpcurl() {{ while [ $# -gt 3 ]; do shift; done\ncase \"$3\" in */Execute) printf '%s' \"$1\" ;;\n{cases}esac; }}\n"
        );
        let script = script(&profile(), &session(), sql);
        let output = Command::new("sh").args(["-c", &format!("{play}{script}")]).output().unwrap();
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        let stdout = String::from_utf8(output.stdout).unwrap();
        stdout.lines().last().unwrap_or("").to_owned()
    }

    const ANSWERS: [(&str, &str); 4] = [
        ("Validate", "{\n  \"supported\": {\n    \"receipt\": \"R.x-_\",\n    \"asOf\": \"t\"\n  }\n}"),
        ("Route", "{\n  \"relations\": [\n    \"a\",\n    \"b\"\n  ]\n}"),
        (
            "OpenSandbox",
            "{\n  \"sandbox\": {\n    \"sandboxId\": \"S\",\n    \"relations\": [\n      {\n        \"name\": \"a\"\n      }\n    ],\n    \"securitySql\": \"WITH \\\"a\\\"\\n\",\n    \"coverage\": {\n      \"granted\": 2\n    }\n  }\n}",
        ),
        ("WriteSql", "{\n  \"sql\": \"SELECT \\\"x\\\" \\u003c 'it'\"\n}"),
    ];

    #[test]
    fn what_a_service_answers_reaches_the_next_one_as_it_stands() {
        let message: serde_json::Value = serde_json::from_str(&executed(&ANSWERS, None)).unwrap();
        assert_eq!(message, serde_json::json!({ "sandboxId": "S", "sql": "SELECT \"x\" < 'it'" }));
    }

    #[test]
    fn a_statement_of_one_s_own_takes_the_place_of_the_drafted_one() {
        let sql = "SELECT 'it''s', \"q\", `b`, $1 \\ FROM x";
        let message: serde_json::Value = serde_json::from_str(&executed(&ANSWERS, Some(sql))).unwrap();
        assert_eq!(message, serde_json::json!({ "sandboxId": "S", "sql": sql }));
    }

    #[test]
    fn a_question_back_ends_the_chain() {
        let unclear = [("Validate", "{\n  \"clarify\": {}\n}")];
        assert_eq!(executed(&unclear, None), "}");
    }
}

use super::*;

type Change = fn(&mut LanguageConfig<()>, &mut TaskConfig);

fn checked(change: Change) -> Result<(), LanguageConfigError> {
    let one = NonZeroU32::new(1).unwrap();
    let second = Duration::from_secs(1);
    let mut config = LanguageConfig {
        model: ModelChoice::Bedrock,
        fallback: Fallback::None,
        budget: BudgetConfig { tokens_per_tenant_and_day: 100, tokens_held_per_task: 100 },
        breaker: BreakerConfig { outages_max: one, rest: second },
        bedrock: BedrockConfig {
            region: "eu-west-1".to_owned(),
            endpoint: String::new(),
            guardrail: String::new(),
            guardrail_version: String::new(),
            connect_time_max: second,
            attempt_time_max: second,
            call_time_max: second,
            attempts_max: one,
            pause: second,
            reply_bytes_max: 4_096,
        },
        tasks: (),
    };
    let mut task = TaskConfig {
        model_id: "m".to_owned(),
        form: Form::Schema,
        output_tokens_max: one,
        is_cached: false,
        input_price: 0.0,
        cache_read_price: 0.0,
        cache_write_price: 0.0,
        output_price: 0.0,
    };
    change(&mut config, &mut task);
    config.check(&TaskSet { explain: Some(task), ..TaskSet::default() })
}

#[test]
fn values_that_make_no_sense_are_refused() {
    assert_eq!(checked(|_, _| {}), Ok(()));
    let changes: [(&str, Change); 17] = [
        ("budget.tokens_held_per_task", |config, _| config.budget.tokens_held_per_task = 101),
        ("budget.tokens_held_per_task", |config, _| config.budget.tokens_held_per_task = 0),
        ("breaker.rest", |config, _| config.breaker.rest = Duration::ZERO),
        ("bedrock.region", |config, _| config.bedrock.region.clear()),
        ("bedrock.endpoint", |config, _| config.bedrock.endpoint = "http://models.example".to_owned()),
        ("bedrock.endpoint", |config, _| config.bedrock.endpoint = "models.example".to_owned()),
        ("bedrock.guardrail_version", |config, _| config.bedrock.guardrail = "g".to_owned()),
        ("bedrock.connect_time_max", |config, _| config.bedrock.connect_time_max = Duration::ZERO),
        ("bedrock.attempt_time_max", |config, _| config.bedrock.attempt_time_max = Duration::ZERO),
        ("bedrock.call_time_max", |config, _| config.bedrock.call_time_max = Duration::from_millis(999)),
        ("bedrock.attempts_max", |config, _| config.bedrock.attempts_max = NonZeroU32::new(6).unwrap()),
        ("bedrock.reply_bytes_max", |config, _| config.bedrock.reply_bytes_max = 4_095),
        ("bedrock.reply_bytes_max", |config, _| config.bedrock.reply_bytes_max = 16_777_217),
        ("tasks.*.model_id", |_, task| task.model_id.clear()),
        ("tasks.*.output_tokens_max", |_, task| task.output_tokens_max = NonZeroU32::MAX),
        ("tasks.*.…_price", |_, task| task.output_price = -0.1),
        ("tasks.*.…_price", |_, task| task.cache_read_price = f64::NAN),
    ];
    for (index, (key, change)) in changes.into_iter().enumerate() {
        assert_eq!(checked(change).map_err(|error| error.key), Err(key), "{index}");
    }
}

#[test]
fn an_endpoint_on_this_machine_needs_no_tls() {
    assert_eq!(checked(|config, _| config.bedrock.endpoint = "http://127.0.0.1:8080".to_owned()), Ok(()));
    assert_eq!(checked(|config, _| config.bedrock.endpoint = "https://models.example".to_owned()), Ok(()));
}

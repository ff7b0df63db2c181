use super::*;
use Stage::{Planning, Reattaching, Running};

fn class(error_class: &str, sql_state: &str, exception: &str, stage: Stage) -> Option<Class> {
    let facts = Facts {
        class: error_class.to_owned(),
        sql_state: sql_state.to_owned(),
        reason: exception.to_owned(),
        error_id: String::new(),
    };
    class_of(&facts, stage)
}

/// What Spark 4.3 sends.
#[test]
fn what_spark_says_is_classified() {
    let analysis = "org.apache.spark.sql.catalyst.ExtendedAnalysisException";
    let spark = "org.apache.spark.SparkException";
    let handle = "org.apache.spark.SparkSQLException";
    let cases = [
        ("PARSE_SYNTAX_ERROR", "42601", "org.apache.spark.sql.catalyst.parser.ParseException", Class::Plan),
        ("DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES", "42K09", analysis, Class::Plan),
        ("UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703", analysis, Class::Plan),
        ("UNRESOLVED_ROUTINE", "42883", "org.apache.spark.sql.AnalysisException", Class::Plan),
        ("UNBOUND_SQL_PARAMETER", "42P02", analysis, Class::Plan),
        ("TABLE_OR_VIEW_NOT_FOUND", "42P01", analysis, Class::MissingTable),
        ("PATH_NOT_FOUND", "42K03", "org.apache.spark.sql.AnalysisException", Class::MissingPath),
        ("FAILED_READ_FILE.FILE_NOT_EXIST", "KD001", spark, Class::MissingPath),
        ("FAILED_READ_FILE.NO_HINT", "KD001", spark, Class::File),
        ("FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH", "KD001", spark, Class::File),
        ("CAST_INVALID_INPUT", "22018", "org.apache.spark.SparkNumberFormatException", Class::Data),
        ("REMAINDER_BY_ZERO", "22012", "org.apache.spark.SparkArithmeticException", Class::Data),
        ("ARITHMETIC_OVERFLOW", "22003", "org.apache.spark.SparkArithmeticException", Class::Data),
        ("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", "22003", "x", Class::Data),
        ("USER_RAISED_EXCEPTION", "P0001", "org.apache.spark.SparkRuntimeException", Class::Data),
        ("INVALID_ARRAY_INDEX", "22003", "x", Class::Data),
        ("SCALAR_SUBQUERY_TOO_MANY_ROWS", "21000", spark, Class::Data),
        ("OPERATION_CANCELED", "HY008", handle, Class::Cancelled),
        ("INVALID_HANDLE.OPERATION_NOT_FOUND", "HY000", handle, Class::Incomplete),
        ("INVALID_HANDLE.SESSION_NOT_FOUND", "08003", handle, Class::SessionLost),
        ("INVALID_HANDLE.SESSION_CLOSED", "08003", handle, Class::SessionLost),
        ("INVALID_HANDLE.SESSION_CHANGED", "08003", handle, Class::SessionLost),
        ("INVALID_HANDLE.FORMAT", "HY000", handle, Class::Protocol),
        ("UNABLE_TO_ACQUIRE_MEMORY", "53200", "org.apache.spark.memory.SparkOutOfMemoryError", Class::Memory),
        ("INSUFFICIENT_PERMISSIONS", "42501", "x", Class::Denied),
        ("INTERNAL_ERROR", "XX000", spark, Class::Engine),
    ];
    for (error_class, state, exception, expected) in cases {
        assert_eq!(class(error_class, state, exception, Planning), Some(expected), "{error_class}");
        assert_eq!(class(error_class, state, exception, Running), Some(expected), "{error_class}");
    }
    assert_eq!(class("", "", spark, Running), None);
    assert_eq!(class("A_CLASS_OF_TOMORROW", "22999", "x", Running), Some(Class::Data));
    assert_eq!(class("A_CLASS_OF_TOMORROW", "", "x.Tomorrow", Running), None);
}

/// What Sail 0.7 sends: an exception and nothing else.
#[test]
fn what_sail_says_is_classified() {
    let analysis = "org.apache.spark.sql.AnalysisException";
    let argument = "java.lang.IllegalArgumentException";
    let cases = [
        (analysis, Planning, Some(Class::Plan)),
        (analysis, Running, Some(Class::Data)),
        (argument, Planning, Some(Class::Plan)),
        (argument, Reattaching, Some(Class::Incomplete)),
        (argument, Running, Some(Class::Engine)),
        ("java.lang.UnsupportedOperationException", Planning, Some(Class::Plan)),
        ("java.lang.NumberFormatException", Planning, Some(Class::Data)),
        ("java.lang.ArithmeticException", Planning, Some(Class::Data)),
        ("org.apache.spark.SparkRuntimeException", Running, Some(Class::Data)),
        ("org.apache.spark.SparkException", Running, None),
        ("java.util.regex.PatternSyntaxException", Running, Some(Class::Data)),
        ("java.lang.OutOfMemoryError", Running, Some(Class::Memory)),
    ];
    for (exception, stage, expected) in cases {
        assert_eq!(class("", "", exception, stage), expected, "{exception} {stage:?}");
    }
}

#[test]
fn a_broken_stream_is_one_whose_status_no_engine_made() {
    let status = |code| Status::new(code, "x");
    for code in [Code::Unavailable, Code::Unknown, Code::Cancelled] {
        assert!(is_broken(&status(code)), "{code:?}");
    }
    for code in
        [Code::Internal, Code::Unauthenticated, Code::PermissionDenied, Code::OutOfRange, Code::Unimplemented]
    {
        assert!(!is_broken(&status(code)), "{code:?}");
    }
}

use super::*;
use arrow::array::{ArrayRef, Int64Array, StringArray};
use arrow::ipc::writer::StreamWriter;
use proptest::prelude::*;

fn batch(values: &[i64]) -> RecordBatch {
    let column: ArrayRef = Arc::new(Int64Array::from(values.to_vec()));
    RecordBatch::try_from_iter([("n", column)]).unwrap()
}

fn encoded(batch: &RecordBatch) -> Bytes {
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap().into()
}

fn whole(values: &[i64], start_offset: Option<i64>) -> ArrowBatch {
    let row_count = i64::try_from(values.len()).unwrap();
    let data = encoded(&batch(values));
    ArrowBatch { row_count, data, start_offset, chunk_index: None, num_chunks_in_batch: None }
}

/// A batch in `count` pieces.
fn pieces(values: &[i64], start_offset: i64, count: usize) -> Vec<ArrowBatch> {
    let entire = whole(values, Some(start_offset));
    let size = entire.data.len().div_ceil(count);
    (0..count)
        .map(|index| {
            let end = entire.data.len().min((index + 1) * size);
            let data = entire.data.slice((index * size).min(end)..end);
            let (index, count) = (i64::try_from(index).unwrap(), i64::try_from(count).unwrap());
            ArrowBatch { data, chunk_index: Some(index), num_chunks_in_batch: Some(count), ..entire.clone() }
        })
        .collect()
}

fn all(pieces: Vec<ArrowBatch>) -> Result<Vec<i64>, ConnectError> {
    let mut assembler = Assembler::new(1 << 20);
    let mut values = Vec::new();
    for piece in pieces {
        for batch in assembler.push(piece)? {
            let column = batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
            values.extend(column.values().iter().copied());
        }
    }
    if assembler.is_partial() { Err(ConnectError::incomplete("partial")) } else { Ok(values) }
}

fn is_refused(pieces: Vec<ArrowBatch>) -> bool {
    matches!(all(pieces), Err(ConnectError::Protocol { .. } | ConnectError::Incomplete { .. }))
}

#[test]
fn batches_are_whole_or_put_together() {
    let mut sent = vec![whole(&[1, 2], Some(0))];
    sent.extend(pieces(&[3, 4, 5], 2, 4));
    sent.push(whole(&[], Some(5)));
    sent.extend(pieces(&[6], 5, 1));
    assert_eq!(all(sent).unwrap(), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_chunk_that_is_missing_twice_or_out_of_order_is_an_error() {
    let four = pieces(&[3, 4, 5], 0, 4);
    let of = |order: &[usize]| order.iter().map(|index| four[*index].clone()).collect::<Vec<_>>();
    assert_eq!(all(of(&[0, 1, 2, 3])).unwrap(), [3, 4, 5]);
    for order in [
        &[0, 2, 1, 3][..],
        &[0, 1, 3],
        &[1, 2, 3],
        &[0, 1, 1, 2, 3],
        &[0, 1, 2],
        &[3, 2, 1, 0],
        &[0, 1, 2, 3, 3],
    ] {
        let error = all(of(order)).unwrap_err();
        // Not left to the decoder, which cannot tell two like pieces apart.
        let why = std::error::Error::source(&error).unwrap().to_string();
        let expected =
            if order == [0, 1, 2] { "partial" } else { "a chunk is not the next one of its batch" };
        assert_eq!(why, expected, "{order:?}");
    }
}

#[test]
fn a_chunk_that_says_something_else_than_the_first_is_an_error() {
    let changes: [fn(&mut ArrowBatch); 6] = [
        |piece| piece.num_chunks_in_batch = Some(3),
        |piece| piece.row_count = 2,
        |piece| piece.start_offset = Some(1),
        |piece| piece.start_offset = None,
        |piece| piece.chunk_index = None,
        |piece| piece.num_chunks_in_batch = None,
    ];
    for (place, change) in changes.into_iter().enumerate() {
        let mut two = pieces(&[3, 4, 5], 0, 2);
        change(&mut two[1]);
        assert!(is_refused(two), "{place}");
    }
    let mut mixed = pieces(&[3], 0, 2);
    mixed[1] = whole(&[4], Some(0));
    assert!(is_refused(mixed));
    let mut none = pieces(&[3], 0, 1);
    none[0].num_chunks_in_batch = Some(0);
    assert!(is_refused(none));
}

#[test]
fn a_wrong_count_of_rows_is_an_error() {
    for row_count in [0, 1, 3, -1, i64::MAX] {
        let mut piece = whole(&[1, 2], Some(0));
        piece.row_count = row_count;
        assert!(is_refused(vec![piece]), "{row_count}");
    }
}

#[test]
fn a_batch_begins_where_the_last_one_ended() {
    let of = |offsets: &[i64]| offsets.iter().map(|at| whole(&[1, 2], Some(*at))).collect::<Vec<_>>();
    for offsets in [&[0, 2, 4][..], &[0, 0, 0]] {
        assert_eq!(all(of(offsets)).unwrap().len(), 6, "{offsets:?}");
    }
    for offsets in [&[1][..], &[0, 1], &[0, 4], &[0, 2, 2], &[0, 2, 6], &[0, 2, 0], &[0, 0, 4], &[-1]] {
        assert!(is_refused(of(offsets)), "{offsets:?}");
    }
    assert_eq!(all(vec![whole(&[1], None), whole(&[2], None)]).unwrap(), [1, 2]);
}

#[test]
fn a_schema_that_changes_is_an_error() {
    let text: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
    let other = RecordBatch::try_from_iter([("n", text)]).unwrap();
    let number: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let renamed = RecordBatch::try_from_iter([("m", number)]).unwrap();
    for next in [other, renamed] {
        let second = ArrowBatch { data: encoded(&next), ..whole(&[1], Some(2)) };
        assert!(is_refused(vec![whole(&[1, 2], Some(0)), second]));
    }
}

#[test]
fn bytes_that_are_no_batch_are_an_error() {
    let good = whole(&[1, 2], Some(0));
    let cut = good.data.slice(..good.data.len() - 20);
    for data in [Bytes::new(), Bytes::from_static(b"not arrow at all"), cut] {
        assert!(is_refused(vec![ArrowBatch { data, ..good.clone() }]));
    }
}

#[test]
fn a_batch_above_the_limit_is_an_error_whole_or_in_pieces() {
    let size = whole(&[1; 100], Some(0)).data.len();
    for (bytes_max, fits) in [(size, true), (size - 1, false)] {
        for sent in [vec![whole(&[1; 100], Some(0))], pieces(&[1; 100], 0, 7)] {
            let mut assembler = Assembler::new(bytes_max);
            let taken: Result<Vec<_>, _> = sent.into_iter().map(|piece| assembler.push(piece)).collect();
            assert_eq!(taken.is_ok(), fits);
            if let Err(error) = taken {
                assert!(matches!(error, ConnectError::TooLarge { bytes_max: said } if said == bytes_max));
            }
        }
    }
}

proptest! {
    #[test]
    fn any_cutting_gives_the_same_rows(sizes in prop::collection::vec((0_usize..50, 1_usize..9), 1..8)) {
        let (mut sent, mut expected) = (Vec::new(), Vec::new());
        for (rows, count) in sizes {
            let from = i64::try_from(expected.len()).unwrap();
            let values: Vec<i64> = (from..from + i64::try_from(rows).unwrap()).collect();
            sent.extend(pieces(&values, from, count));
            expected.extend(values);
        }
        prop_assert_eq!(all(sent).unwrap(), expected);
    }
}

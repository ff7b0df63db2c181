//! Compiles the protos with protox, so that no protoc is needed.

use prost::Message as _;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    let areas = ["common", "gateway", "auth", "reasoning", "schema_router", "query"];
    let mut files = Vec::new();
    for area in areas {
        for entry in std::fs::read_dir(root.join("splitplane").join(area).join("v1"))? {
            files.push(entry?.path());
        }
    }
    files.sort();
    println!("cargo::rerun-if-changed={}", root.display());
    let descriptors = protox::compile(&files, [&root])?;
    let out =
        PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets no OUT_DIR")?).join("descriptors.bin");
    std::fs::write(out, descriptors.encode_to_vec())?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}

//! Wasmtime as a baseline of the throughput bench: a fresh instance a job, one thread a core. README.md has the conventions.

use rayon::prelude::*;
use std::io::{BufRead, Write};
use std::time::Instant;
use wasmtime::{
    Config, Enabled, Engine, ExternType, FuncType, InstanceAllocationStrategy, InstancePre, Linker, Module, ModuleExport, OptLevel,
    PoolingAllocationConfig, Result, Store, ValRaw, ValType, bail, ensure, error::Context,
};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, export, input, output, threads] = arguments.as_slice() else {
        bail!("usage: wasmtime-baseline MODULE.wasm EXPORT ARGUMENTS RESULTS THREADS");
    };
    let threads = threads.parse::<usize>().context("THREADS")?;
    let program = Program::load(module, export, threads)?;
    let job_arguments = read_words(input)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;

    println!("ready");
    for line in std::io::stdin().lock().lines() {
        ensure!(line? == "run", "expected \"run\"");
        let start = Instant::now();
        let results = pool.install(|| program.run(&job_arguments))?;
        let seconds = start.elapsed().as_secs_f64();
        write_words(output, &results)?;
        println!("{seconds}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// An export that is called with and gives i32, i64, f32 and f64. A record is its values in order, each in 32-bit words, low word first.
struct Program {
    instance: InstancePre<()>,
    export: ModuleExport,
    parameters: Vec<usize>,
    results: Vec<usize>,
}

impl Program {
    fn load(path: &str, export: &str, threads: usize) -> Result<Self> {
        let engine = Engine::new(&config(threads))?;
        let module = Module::from_file(&engine, path)?;
        let Some(ExternType::Func(signature)) = module.get_export(export) else {
            bail!("{path} exports no function {export}");
        };
        let (parameters, results) = widths(&signature)?;
        Ok(Self {
            export: module.get_export_index(export).context("the export's index")?,
            instance: Linker::new(&engine).instantiate_pre(&module)?,
            parameters,
            results,
        })
    }

    /// The results of every job, in order; the first job that traps ends the run.
    fn run(&self, arguments: &[u32]) -> Result<Vec<u32>> {
        let (words, result_words) = (self.parameters.iter().sum::<usize>(), self.results.iter().sum::<usize>());
        ensure!(words > 0 && result_words > 0 && arguments.len().is_multiple_of(words), "records of {words} and {result_words} words");
        let mut results = vec![0; arguments.len() / words * result_words];
        arguments
            .par_chunks(words)
            .zip(results.par_chunks_mut(result_words))
            .enumerate()
            .try_for_each(|(job, (record, result))| self.call(record, result).with_context(|| format!("job {job}")))?;
        Ok(results)
    }

    fn call(&self, record: &[u32], result: &mut [u32]) -> Result<()> {
        let mut store = Store::new(self.instance.module().engine(), ());
        let instance = self.instance.instantiate(&mut store)?;
        let function = instance
            .get_module_export(&mut store, &self.export)
            .and_then(|export| export.into_func())
            .context("the export is no function")?;
        let mut values = [ValRaw::u64(0); 8];
        let mut word = 0;
        for (value, width) in values.iter_mut().zip(&self.parameters) {
            let high = if *width == 2 { record[word + 1] } else { 0 };
            *value = ValRaw::u64(u64::from(high) << 32 | u64::from(record[word]));
            word += width;
        }
        // SAFETY: as many values as the longer of parameters and results, which `widths` has limited, and all of them numbers.
        unsafe { function.call_unchecked(&mut store, &mut values)? };
        let mut word = 0;
        for (value, width) in values.iter().zip(&self.results) {
            let bits = value.get_u64();
            result[word] = bits as u32;
            if *width == 2 {
                result[word + 1] = (bits >> 32) as u32;
            }
            word += width;
        }
        Ok(())
    }
}

/// As fast as Wasmtime is documented to be: instances come from a pool whose memories are copy-on-write images, and what a job
/// touched is zeroed by memset, not by the kernel, since page faults and the address space's lock do not scale with threads.
fn config(threads: usize) -> Config {
    let mut pool = PoolingAllocationConfig::default();
    let slots = u32::try_from(2 * threads).expect("a number of threads");
    pool.total_core_instances(slots)
        .total_memories(slots)
        .total_tables(slots)
        .max_unused_warm_slots(slots)
        .linear_memory_keep_resident(1 << 20)
        .table_keep_resident(1 << 16)
        .pagemap_scan(Enabled::Auto);
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::Speed)
        .memory_init_cow(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// The 32-bit words of each parameter and result.
fn widths(signature: &FuncType) -> Result<(Vec<usize>, Vec<usize>)> {
    let width = |value: ValType| match value {
        ValType::I32 | ValType::F32 => Ok(1),
        ValType::I64 | ValType::F64 => Ok(2),
        other => bail!("a value of type {other} in the export's signature"),
    };
    ensure!(signature.params().len() <= 8 && signature.results().len() <= 8, "more than 8 parameters or results");
    Ok((signature.params().map(width).collect::<Result<_>>()?, signature.results().map(width).collect::<Result<_>>()?))
}

fn read_words(path: &str) -> Result<Vec<u32>> {
    let bytes = std::fs::read(path).with_context(|| path.to_string())?;
    ensure!(bytes.len() % 4 == 0, "{path}: not a whole number of words");
    Ok(bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect())
}

fn write_words(path: &str, words: &[u32]) -> Result<()> {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    std::fs::write(path, bytes).with_context(|| path.to_string())
}

//! Fused convolution kernels for residual networks. [`plan::compile`] turns a graph and its weights into a
//! [`program::Program`]; see docs/kernels.md for the design.

#![cfg_attr(all(target_arch = "wasm32", target_feature = "atomics"), feature(stdarch_wasm_atomic_wait))]

#[cfg(target_arch = "x86_64")]
pub mod amx;
pub mod cpu;
pub mod direct;
pub mod format;
pub mod graph;
pub mod isa;
pub mod json;
pub mod layout;
pub mod lower;
#[cfg(target_arch = "x86_64")]
pub mod matrix;
pub mod memory;
pub mod moves;
#[cfg(feature = "node")]
pub mod node;
#[cfg(not(target_arch = "wasm32"))]
pub mod outer;
#[cfg(not(target_arch = "wasm32"))]
pub mod packed;
#[cfg(not(target_arch = "wasm32"))]
pub mod peak;
pub mod plan;
pub mod pointwise;
pub mod pool;
pub mod precision;
#[cfg(not(target_arch = "wasm32"))]
pub mod products;
pub mod program;
#[cfg(not(target_arch = "wasm32"))]
pub mod schedule;
pub mod sharing;
pub mod simd;
#[cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
pub mod team;
pub mod tile;
#[cfg(not(target_arch = "wasm32"))]
pub mod training;
#[cfg(not(target_arch = "wasm32"))]
pub mod tune;
#[cfg(not(target_arch = "wasm32"))]
pub mod tuning_file;
#[cfg(target_arch = "wasm32")]
pub mod wasm;
pub mod weights;
#[cfg(target_arch = "x86_64")]
pub mod windows;
pub mod winograd;

/// The DMA descriptor as it lies in L1: plain C, shared by the firmware and the model.
///
/// A descriptor is 64 bytes, 64-byte aligned, little endian, in the L1 of the cluster whose DMA runs it. The
/// DMA reads it as one 64-byte beat when its turn in the chain comes, so it may be rewritten once the
/// channel's COMPLETED counts it, and must be complete before its chain is started.
///
/// Meaning:
///   for i2 in [0, count2)            (dims == 3, else once)
///     for i1 in [0, count1)          (dims >= 2, else once)
///       copy `bytes` bytes from src + i1 * src_stride1 + i2 * src_stride2
///                            to dst + i1 * dst_stride1 + i2 * dst_stride2
/// Addresses are 48 bits wide: the own L1 (at 0x1000_0000 or by its global address), another cluster's L1 or
/// peripherals, or HBM; at least one side must be the own L1. Any byte alignment is legal.
///
/// When every byte is visible at its destination (the last B response is back, the last byte read is in L1)
/// the DMA performs, in this order and each only if its flag is set: a 4-byte write of notify_value to the
/// count word, a 4-byte write of doorbell_value to the doorbell, and event line 20 + channel of the own
/// cluster; then it counts the descriptor in COMPLETED and goes to `next`. Both targets may be in the own
/// cluster or in another; addresses must be word aligned.
///
/// Refused (the channel stops with STATUS.error): unknown flag bits, dims other than 1..3, a count in use that
/// is 0, bytes == 0 without a notify flag (with one it is a pure notification), an unaligned notify address, a
/// transfer without a side in the own L1 or with one in the own peripherals, and a transfer that leaves the own
/// L1 on the side that is in it.
#ifndef OHMIC_IP_DMA_DESCRIPTOR_H
#define OHMIC_IP_DMA_DESCRIPTOR_H

#include <stdint.h>

#ifdef __cplusplus
namespace ohmic {
#endif

enum {
  DMA_DIMS_MASK = 0x3u,        ///< flags 1..0: 1, 2 or 3
  DMA_NOTIFY_COUNT = 0x4u,     ///< write notify_value to the count word when done
  DMA_NOTIFY_DOORBELL = 0x8u,  ///< then write doorbell_value to the doorbell
  DMA_NOTIFY = 0xCu,           ///< both
  DMA_EVENT = 0x10u,           ///< then raise event line 20 + channel in the own cluster
  DMA_FLAGS_MASK = 0x1Fu       ///< every other bit must be 0
};

#define DMA_CHAIN_END 0xFFFFFFFFu
#define DMA_DESCRIPTOR_BYTES 64u

struct dma_descriptor {
  uint32_t flags;           ///<  0
  uint32_t next;            ///<  1: L1 byte offset of the next descriptor, or DMA_CHAIN_END
  uint32_t bytes;           ///<  2: length of the inner run
  uint32_t src_lo;          ///<  3
  uint32_t dst_lo;          ///<  4
  uint32_t src_dst_hi;      ///<  5: bits 47..32 of src | those of dst << 16
  uint32_t counts;          ///<  6: count1 | count2 << 16
  int32_t src_stride1;      ///<  7: bytes, signed
  int32_t dst_stride1;      ///<  8
  int32_t src_stride2;      ///<  9
  int32_t dst_stride2;      ///< 10
  uint32_t notify_lo;       ///< 11: address of the count word
  uint32_t notify_value;    ///< 12
  uint32_t doorbell_lo;     ///< 13
  uint32_t doorbell_value;  ///< 14
  uint32_t notify_hi;       ///< 15: bits 47..32 of the count word's address | those of the doorbell's << 16
};

#ifdef __cplusplus
static_assert(sizeof(dma_descriptor) == DMA_DESCRIPTOR_BYTES, "16 words");
}  // namespace ohmic
#endif

#endif

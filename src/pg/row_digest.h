// PgRowDigest: how many rows a table has, and a digest of them that does not depend on their order.
//
// The sum, modulo 2^128, of XXH3-128 of each row's line in COPY's text format without its newline: so parts of a table
// can be summed apart, and two tables with the same rows in another order are equal. It tells whether a restored table
// is the one that was dumped; it does not withstand somebody who chooses rows to deceive it (the point's hashes do).
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"

namespace hf {

class PgRowDigest {
 public:
  PgRowDigest();
  ~PgRowDigest();
  PgRowDigest(PgRowDigest&&) noexcept;
  PgRowDigest& operator=(PgRowDigest&&) noexcept;

  // The next bytes of the stream, cut anywhere.
  void add(BytesView copy_text);
  // The rows of another part of the table. Requires: both are between rows.
  void add(const PgRowDigest& other);
  uint64_t rows() const { return rows_; }
  // False: the stream ends within a row.
  bool is_between_rows() const { return !is_within_row_; }
  // 16 bytes, big-endian; zeros of no rows.
  Bytes digest() const;

 private:
  struct Begun;  // a row of which a part was given
  void sum(uint64_t high, uint64_t low);

  uint64_t rows_ = 0, high_ = 0, low_ = 0;
  bool is_within_row_ = false;
  std::unique_ptr<Begun> begun_;  // made when a row is first cut in two
};

}  // namespace hf

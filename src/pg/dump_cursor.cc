#include "pg/dump_cursor.h"

namespace hf {
namespace {

constexpr size_t buffer_bytes = 64 << 10;
// A definition, a comment, a name: far below what a server takes as one statement.
constexpr uint64_t text_bytes_max = 256u << 20;

}  // namespace

Error PgDumpCursor::cut_short() {
  has_run_out_ = true;
  return Error(Code::Corrupt, "the archive ends too early: it was cut short");
}

Status PgDumpCursor::read(BytesSpan out) {
  if (out.size() > left()) return cut_short();
  size_t done = 0;
  while (done < out.size()) {
    if (at_ < buffer_at_ || at_ >= buffer_at_ + buffer_.size()) {
      buffer_.resize(std::min<uint64_t>(buffer_bytes, left()));
      buffer_.resize(HF_TRY(file_.read_at(at_, buffer_)));
      buffer_at_ = at_;
      if (buffer_.empty()) return cut_short();
    }
    const BytesView ready = BytesView(buffer_).subspan(static_cast<size_t>(at_ - buffer_at_));
    const size_t length = std::min(ready.size(), out.size() - done);
    std::memcpy(out.data() + done, ready.data(), length);
    done += length;
    at_ += length;
  }
  return {};
}

Status PgDumpCursor::skip(uint64_t length) {
  if (length > left()) return cut_short();
  at_ += length;
  return {};
}

Result<uint8_t> PgDumpCursor::byte() {
  std::byte value{};
  HF_TRY(read(BytesSpan(&value, 1)));
  return static_cast<uint8_t>(value);
}

Result<int64_t> PgDumpCursor::integer() {
  std::byte raw[5];
  HF_TRY(read(raw));
  const auto magnitude = static_cast<int64_t>(load_le<uint32_t>(raw + 1));
  if (raw[0] == std::byte{0}) return magnitude;
  if (raw[0] != std::byte{1} || magnitude == 0)
    return Error(Code::Corrupt, "the archive has an integer that PostgreSQL does not write");
  return -magnitude;
}

Result<std::optional<std::string>> PgDumpCursor::text() {
  const int64_t length = HF_TRY(integer());
  if (length == -1) return std::optional<std::string>();
  if (length < 0) return Error(Code::Corrupt, "the archive has a text of negative length");
  if (static_cast<uint64_t>(length) > text_bytes_max)
    return Error(Code::Corrupt, "the archive has a text of more than 256 MiB");
  if (static_cast<uint64_t>(length) > left()) return cut_short();
  std::string value(static_cast<size_t>(length), '\0');
  HF_TRY(read(std::as_writable_bytes(std::span(value.data(), value.size()))));
  if (value.find('\0') != value.npos) return Error(Code::Corrupt, "the archive has a zero byte in a text");
  return std::optional<std::string>(std::move(value));
}

Result<uint64_t> PgDumpCursor::little_endian_64() {
  std::byte raw[8];
  HF_TRY(read(raw));
  return load_le<uint64_t>(raw);
}

}  // namespace hf

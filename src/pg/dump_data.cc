#include "pg/dump_data.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>

#include "pg/dump_cursor.h"

namespace hf {
namespace {

constexpr size_t piece_bytes = 64 << 10, out_bytes = 64 << 10, int_length = 5;
constexpr int level = 6;  // pg_dump's default

Error damaged() {
  return Error(Code::Corrupt, "the archive has compressed data that cannot be decompressed");
}

// One stream's pieces, decompressed as they come.
class Inflater {
 public:
  virtual ~Inflater() = default;
  virtual Status add(BytesView piece, const std::function<Status(BytesView)>& take) = 0;
  // Corrupt: the stream is not at its end.
  virtual Status finish() = 0;
};

class NoInflater final : public Inflater {
 public:
  Status add(BytesView piece, const std::function<Status(BytesView)>& take) override { return take(piece); }
  Status finish() override { return {}; }
};

class ZlibInflater final : public Inflater {
 public:
  ZlibInflater() { HF_ASSERT(inflateInit(&stream_) == Z_OK); }
  ~ZlibInflater() override { inflateEnd(&stream_); }

  Status add(BytesView piece, const std::function<Status(BytesView)>& take) override {
    any_ = any_ || !piece.empty();
    stream_.next_in = const_cast<Bytef*>(as_uchar(piece));
    stream_.avail_in = static_cast<uInt>(piece.size());
    while (stream_.avail_in > 0) {
      if (is_over_) return damaged();
      stream_.next_out = as_uchar(BytesSpan(out_));
      stream_.avail_out = static_cast<uInt>(out_.size());
      const int result = inflate(&stream_, Z_NO_FLUSH);
      if (result != Z_OK && result != Z_STREAM_END) return damaged();
      is_over_ = result == Z_STREAM_END;
      const size_t made = out_.size() - stream_.avail_out;
      if (made > 0) HF_TRY(take(BytesView(out_).first(made)));
    }
    return {};
  }
  Status finish() override { return is_over_ || !any_ ? Status() : Status(damaged()); }

 private:
  z_stream stream_{};
  Bytes out_ = Bytes(out_bytes);
  bool is_over_ = false, any_ = false;
};

class ZstdInflater final : public Inflater {
 public:
  ZstdInflater() : stream_(ZSTD_createDStream()) { HF_ASSERT(stream_ != nullptr); }
  ~ZstdInflater() override { ZSTD_freeDStream(stream_); }

  Status add(BytesView piece, const std::function<Status(BytesView)>& take) override {
    ZSTD_inBuffer in{piece.data(), piece.size(), 0};
    bool is_full = false;
    while (in.pos < in.size || is_full) {
      ZSTD_outBuffer out{out_.data(), out_.size(), 0};
      left_ = ZSTD_decompressStream(stream_, &out, &in);
      if (ZSTD_isError(left_) != 0) return damaged();
      if (out.pos > 0) HF_TRY(take(BytesView(out_).first(out.pos)));
      is_full = out.pos == out.size;
    }
    return {};
  }
  Status finish() override { return left_ == 0 ? Status() : Status(damaged()); }

 private:
  ZSTD_DStream* stream_;
  Bytes out_ = Bytes(out_bytes);
  size_t left_ = 0;
};

Result<std::unique_ptr<Inflater>> make_inflater(PgDumpCompression compression) {
  switch (compression) {
    case PgDumpCompression::None:
      return std::make_unique<NoInflater>();
    case PgDumpCompression::Gzip:
      return std::make_unique<ZlibInflater>();
    case PgDumpCompression::Zstd:
      return std::make_unique<ZstdInflater>();
    case PgDumpCompression::Lz4:
      break;
  }
  return Error(Code::Unsupported, "the archive is compressed with LZ4, which this version cannot read")
      .with_hint("dump again with pg_dump -Fc --compress=gzip, zstd or none");
}

// Pieces are of the writer's choice: large ones are read in parts.
Status each_piece(PgDumpCursor& in, const std::function<Status(BytesView)>& take) {
  Bytes buffer;
  for (;;) {
    const int64_t length = HF_TRY(in.integer());
    if (length < 0) return Error(Code::Corrupt, "the archive has a piece of data of negative length");
    if (length == 0) return {};
    for (uint64_t left = static_cast<uint64_t>(length); left > 0; left -= buffer.size()) {
      buffer.resize(std::min<uint64_t>(left, piece_bytes));
      HF_TRY(in.read(buffer));
      HF_TRY(take(buffer));
    }
  }
}

Status read_stream(PgDumpCursor& in, PgDumpCompression compression, const std::function<Status(BytesView)>& take) {
  const std::unique_ptr<Inflater> inflater = HF_TRY(make_inflater(compression));
  HF_TRY(each_piece(in, [&](BytesView piece) { return inflater->add(piece, take); }));
  return inflater->finish();
}

constexpr uint64_t block_head_length = 1 + int_length;

}  // namespace

struct PgDumpDataWriter::Deflate {
  Deflate() { HF_ASSERT(deflateInit(&stream, level) == Z_OK); }
  ~Deflate() { deflateEnd(&stream); }
  Deflate(const Deflate&) = delete;
  Deflate& operator=(const Deflate&) = delete;

  z_stream stream{};
  Bytes out = Bytes(out_bytes);
};

PgDumpDataWriter::PgDumpDataWriter(PgDumpCompression to, std::function<Status(BytesView)> put) : put_(std::move(put)) {
  HF_ASSERT(to == PgDumpCompression::None || to == PgDumpCompression::Gzip);
  if (to == PgDumpCompression::Gzip) deflate_ = std::make_unique<Deflate>();
}

PgDumpDataWriter::~PgDumpDataWriter() = default;

Status PgDumpDataWriter::put_piece(BytesView bytes) {
  Bytes piece;
  append_pg_dump_int(piece, static_cast<int64_t>(bytes.size()));
  append(piece, bytes);
  return put_(piece);
}

// Pieces of one size, so that the length of the whole is known beforehand.
Status PgDumpDataWriter::gather(BytesView bytes) {
  while (!bytes.empty()) {
    const size_t length = std::min(bytes.size(), piece_bytes - gathered_.size());
    append(gathered_, bytes.first(length));
    bytes = bytes.subspan(length);
    if (gathered_.size() < piece_bytes) continue;
    HF_TRY(put_piece(gathered_));
    gathered_.clear();
  }
  return {};
}

Status PgDumpDataWriter::add(BytesView bytes) {
  if (!deflate_) return gather(bytes);
  z_stream& stream = deflate_->stream;
  stream.next_in = const_cast<Bytef*>(as_uchar(bytes));
  stream.avail_in = static_cast<uInt>(bytes.size());
  while (stream.avail_in > 0) {
    stream.next_out = as_uchar(BytesSpan(deflate_->out));
    stream.avail_out = static_cast<uInt>(deflate_->out.size());
    HF_ASSERT(deflate(&stream, Z_NO_FLUSH) == Z_OK);
    HF_TRY(gather(BytesView(deflate_->out).first(deflate_->out.size() - stream.avail_out)));
  }
  return {};
}

Status PgDumpDataWriter::finish() {
  for (bool is_over = !deflate_; !is_over;) {
    z_stream& stream = deflate_->stream;
    stream.next_out = as_uchar(BytesSpan(deflate_->out));
    stream.avail_out = static_cast<uInt>(deflate_->out.size());
    is_over = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    HF_TRY(gather(BytesView(deflate_->out).first(deflate_->out.size() - stream.avail_out)));
  }
  if (!gathered_.empty()) HF_TRY(put_piece(gathered_));
  gathered_.clear();
  Bytes end;
  append_pg_dump_int(end, 0);
  return put_(end);
}

uint64_t PgDumpDataWriter::length_of(uint64_t bytes) {
  const uint64_t pieces = (bytes + piece_bytes - 1) / piece_bytes;
  return bytes + (pieces + 1) * int_length;
}

Bytes encode_pg_dump_block_head(PgDumpBlock::Type type, int64_t dump_id) {
  Bytes head{static_cast<std::byte>(type)};
  append_pg_dump_int(head, dump_id);
  return head;
}

Status read_pg_dump_data(const ByteRange& file, const PgDumpBlock& block, PgDumpCompression compression,
                         const std::function<Status(BytesView)>& take) {
  HF_ASSERT(block.type == PgDumpBlock::Type::Data);
  PgDumpCursor in(file, block.offset + block_head_length);
  return read_stream(in, compression, take);
}

Status copy_pg_dump_block(const ByteRange& file, const PgDumpBlock& block, const PgDumpBlockCopy& copy,
                          const std::function<Status(BytesView)>& put) {
  HF_TRY(put(encode_pg_dump_block_head(block.type, copy.dump_id)));
  if (copy.from == copy.to)
    return each_block(file.part(block.offset + block_head_length, block.length - block_head_length), put);
  PgDumpCursor in(file, block.offset + block_head_length);
  const auto rewrite = [&]() -> Status {
    PgDumpDataWriter out(copy.to, put);
    HF_TRY(read_stream(in, copy.from, [&](BytesView bytes) { return out.add(bytes); }));
    return out.finish();
  };
  if (block.type == PgDumpBlock::Type::Data) return rewrite();
  for (;;) {
    const int64_t object = HF_TRY(in.integer());
    Bytes number;
    append_pg_dump_int(number, object);
    HF_TRY(put(number));
    if (object == 0) return {};
    HF_TRY(rewrite());
  }
}

}  // namespace hf

#include "source/sqlite_snapshot.h"

#include <sqlite3.h>

#include <algorithm>

namespace hf {
namespace {

constexpr int attempts_max = 1000;
constexpr uint64_t log_head_bytes = 32;
constexpr uint64_t frame_head_bytes = 24;
constexpr size_t index_head_bytes = 48;
constexpr int index_region_bytes = 32 << 10;

uint32_t load_be(const std::byte* at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint32_t>(at[i]);
  return value;
}

// The index is memory shared on one machine, so its integers are in that machine's order.
uint32_t load_native(const std::byte* at) {
  uint32_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return value;
}

}  // namespace

Result<SqliteSnapshot> SqliteSnapshot::begin(SqliteDatabase& database) {
  SqliteSnapshot snapshot(database);
  HF_TRY(snapshot.begin_once());
  if (snapshot.is_wal()) HF_TRY(snapshot.catch_log());
  snapshot.page_bytes_ = static_cast<uint32_t>(HF_TRY(database.number("PRAGMA page_size")));
  snapshot.pages_ = HF_TRY(database.number("PRAGMA page_count"));
  if (snapshot.page_bytes_ < 512 || snapshot.page_bytes_ > 65536)
    return Error(Code::Corrupt, "database " + database.shown() + " has pages of an impossible size");
  HF_TRY(snapshot.index_log());
  return snapshot;
}

Status SqliteSnapshot::catch_log() {
  // The transaction does not tell. If the head of the log's index was the same before and after it began, it is that
  // one, for the head's change counter never returns. Nothing else is done in between: writers are seldom faster.
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    HF_TRY(database_->run("ROLLBACK"));
    HF_TRY(database_->run("BEGIN"));
    std::optional<Log> before;
    const auto look = [&]() -> Status {
      before = HF_TRY(look_at_log());
      return {};
    };
    HF_TRY(database_->each(
        "SELECT 1 FROM sqlite_schema LIMIT 1", [](const SqliteRow&) { return Status(); }, look));
    const std::optional<Log> after = HF_TRY(look_at_log());
    if (!before || !after || !(*before == *after)) continue;
    if (HF_TRY(database_->text("PRAGMA journal_mode")) != "wal") break;
    log_ = after;
    return find_files();
  }
  return Error(Code::Unavailable, "database " + database_->shown() + " is changed faster than it can be looked at");
}

SqliteSnapshot::SqliteSnapshot(SqliteSnapshot&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)),
      page_bytes_(other.page_bytes_),
      pages_(other.pages_),
      log_(other.log_),
      frames_(std::move(other.frames_)),
      main_file_(other.main_file_),
      log_file_(other.log_file_) {}

SqliteSnapshot::~SqliteSnapshot() {
  // A failure leaves nothing behind: the connection is closed next.
  if (database_ != nullptr) (void)database_->run("ROLLBACK");
}

Status SqliteSnapshot::begin_once() {
  HF_TRY(database_->run("BEGIN"));
  // BEGIN alone locks nothing: the first read does.
  HF_TRY(database_->number("SELECT count(*) FROM sqlite_schema"));
  const std::string mode = HF_TRY(database_->text("PRAGMA journal_mode"));
  log_.reset();
  if (mode == "wal") log_ = Log{};
  return find_files();
}

Status SqliteSnapshot::find_files() {
  sqlite3* const handle = database_->handle();
  int code = sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &main_file_);
  if (code == SQLITE_OK && is_wal())
    code = sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log_file_);
  if (code != SQLITE_OK) return database_->error(code, "look into");
  if (main_file_ == nullptr || main_file_->pMethods == nullptr || (is_wal() && log_file_->pMethods == nullptr))
    return Error(Code::Unsupported, "the files of database " + database_->shown() + " are not open");
  return {};
}

Result<std::optional<SqliteSnapshot::Log>> SqliteSnapshot::look_at_log() {
  void volatile* region = nullptr;
  if (main_file_->pMethods->iVersion < 2)
    return Error(Code::Unsupported, "the log of database " + database_->shown() + " is not shared");
  const int code = main_file_->pMethods->xShmMap(main_file_, 0, index_region_bytes, 0, &region);
  if (code != SQLITE_OK) return database_->error(code, "look at the log of");
  if (region == nullptr) return std::optional<Log>{};
  std::array<std::byte, 2 * index_head_bytes> heads;
  // Writers write the second copy first, and readers read it last: equal copies are not torn ones.
  const auto* const shared = static_cast<const volatile std::byte*>(region);
  for (size_t i = 0; i < index_head_bytes; ++i) heads[i] = shared[i];
  main_file_->pMethods->xShmBarrier(main_file_);
  for (size_t i = index_head_bytes; i < heads.size(); ++i) heads[i] = shared[i];
  if (!equal(BytesView(heads).first(index_head_bytes), BytesView(heads).last(index_head_bytes)))
    return std::optional<Log>{};
  Log log{.change = load_native(&heads[8]), .frames = load_native(&heads[16]), .pages = load_native(&heads[20])};
  std::copy_n(&heads[24], 8, log.checksum.begin());
  std::copy_n(&heads[32], 8, log.salt.begin());
  return std::optional(log);
}

Status SqliteSnapshot::index_log() {
  if (!log_ || log_->frames == 0) return {};
  if (log_->pages != pages_)
    return Error(Code::Corrupt, "the log of database " + database_->shown() + " does not agree with its index");
  for (uint32_t frame = 1; frame <= log_->frames; ++frame) {
    uint32_t number = 0;
    if (HF_TRY(read_frame_head(frame, &number))) {
      frames_[number] = frame;
      continue;
    }
    // All of it is in the file.
    frames_.clear();
    return {};
  }
  return {};
}

Result<bool> SqliteSnapshot::read_frame_head(uint32_t frame, uint32_t* number) {
  std::array<std::byte, frame_head_bytes> head;
  HF_TRY(read_file(log_file_, log_head_bytes + (frame - 1) * (frame_head_bytes + page_bytes_), head));
  *number = load_be(head.data());
  return equal(BytesView(head).subspan(8, 8), log_->salt);
}

Status SqliteSnapshot::read_file(sqlite3_file* file, uint64_t offset, BytesSpan out) {
  const int code = file->pMethods->xRead(file, out.data(), static_cast<int>(out.size()), static_cast<int64_t>(offset));
  // What is not there was filled with zeros: pages that were never needed are not written.
  if (code == SQLITE_OK || code == SQLITE_IOERR_SHORT_READ) return {};
  return database_->error(code, "read");
}

Result<bool> SqliteSnapshot::read_from_log(uint64_t number, uint32_t frame, BytesSpan out) {
  HF_TRY(read_file(log_file_, log_head_bytes + (frame - 1) * (frame_head_bytes + page_bytes_) + frame_head_bytes, out));
  // Looked at after the page: whoever overwrites a frame writes its head first.
  uint32_t found = 0;
  return HF_TRY(read_frame_head(frame, &found)) && found == number;
}

Status SqliteSnapshot::read(uint64_t number, BytesSpan out) {
  HF_ASSERT(out.size() == page_bytes_);
  const auto at = frames_.find(number);
  if (at != frames_.end() && HF_TRY(read_from_log(number, at->second, out))) return {};
  return read_file(main_file_, (number - 1) * page_bytes_, out);
}

}  // namespace hf

#include "exchange/export.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "crypto/hash.h"
#include "exchange/new_file.h"
#include "exchange/part_name.h"
#include "exchange/tar_writer.h"
#include "sys/remove_tree.h"

namespace hf {
namespace {

constexpr std::array<std::string_view, 3> format_names = {"dir", "tar.gz", "tar.gz.gpg"};

std::string two(unsigned value) {
  return (value < 10 ? "0" : "") + std::to_string(value);
}

// "backup-20261121_155100"
std::string directory_name(WallTime time) {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - days));
  return "backup-" + std::to_string(int(date.year())) + two(unsigned(date.month())) + two(unsigned(date.day())) + "_" +
         two(static_cast<unsigned>(clock.hours().count())) + two(static_cast<unsigned>(clock.minutes().count())) +
         two(static_cast<unsigned>(clock.seconds().count()));
}

// Bytes on their way: counted and hashed.
class Passing {
 public:
  Passing(Put put, const ExportRequest& request, std::string file, uint64_t before)
      : put_(std::move(put)), request_(request), file_(std::move(file)), before_(before) {}

  Status take(BytesView bytes) {
    bytes_ += bytes.size();
    hash_.update(bytes);
    if (request_.progress) request_.progress(file_, before_ + bytes_);
    return put_(bytes);
  }
  uint64_t bytes() const { return bytes_; }
  std::string sha256() { return hash_.finish().hex(); }

 private:
  const Put put_;
  const ExportRequest& request_;
  const std::string file_;
  const uint64_t before_;
  uint64_t bytes_ = 0;
  Sha256Stream hash_;
};

class Export {
 public:
  Export(Repository& repository, const Point& point, const ExportRequest& request, std::stop_token stop)
      : repository_(repository), point_(point), request_(request), stop_(std::move(stop)) {}

  Result<ExportOutcome> run() {
    HF_TRY(find_place());
    const ExportPlanOptions options{.sources = request_.sources,
                                    .is_seekable = request_.format == ExportFormat::Directory};
    files_ = HF_TRY(plan_export(repository_, point_, options, stop_));
    fill_manifest();
    const std::string temporary = make_part_name(name_, repository_.env().entropy);
    if (const Remains remains = remove_remains(*parent_, name_); request_.on_remains) request_.on_remains(remains);
    Status status = request_.format == ExportFormat::Directory ? write_directory(temporary) : write_archive(temporary);
    if (status.ok()) status = parent_->rename_no_replace(temporary, name_);
    if (!status.ok()) {
      discard(temporary);
      if (status.error().code() == Code::Exists) return refuse();
      return std::move(status).error();
    }
    HF_TRY(parent_->sync());
    return std::move(outcome_);
  }

 private:
  Error refuse() const {
    return Error(Code::Refused, "there is something at " + printable(request_.destination) + " already")
        .with_hint("name a place where there is nothing: an export replaces nothing");
  }

  Status find_place() {
    const std::string path = HF_TRY(repository_.world().fs.absolute(request_.destination));
    const size_t slash = path.rfind('/');
    name_ = path.substr(slash + 1);
    if (name_.empty()) return refuse();
    parent_ = HF_TRY(repository_.world().fs.open_directory(slash == 0 ? "/" : path.substr(0, slash)));
    const Result<FileInfo> there = parent_->info(name_);
    if (there.ok()) return refuse();
    return there.error().code() == Code::NotFound ? Status() : Status(there.error().clone());
  }

  void fill_manifest() {
    const Manifest& from = point_.manifest;
    ExportManifest& manifest = outcome_.manifest;
    manifest.point = point_.id.hex();
    manifest.set = from.set;
    manifest.host = from.host;
    manifest.version = from.version;
    manifest.started = from.started;
    manifest.finished = from.finished;
    manifest.tags = from.tags;
    for (const SourceRecord& source : from.sources) {
      const bool is_wanted = request_.sources.empty() || std::find(request_.sources.begin(), request_.sources.end(),
                                                                   source.name) != request_.sources.end();
      if (!is_wanted) continue;
      manifest.sources.push_back(source);
      manifest.complete = manifest.complete && source.complete;
    }
  }

  // The two files that describe the others.
  struct Description {
    std::string manifest, sums;
  };
  Description describe() const {
    Description made{.manifest = encode_export_manifest(outcome_.manifest), .sums = ""};
    for (const ExportedFile& file : outcome_.manifest.files) made.sums += sum_line(file.sha256, file.path);
    made.sums += sum_line(sha256(as_bytes(made.manifest)).hex(), export_manifest_name);
    return made;
  }

  void discard(const std::string& temporary) {
    if (request_.format == ExportFormat::Directory)
      (void)remove_tree(*parent_, temporary).ok();
    else
      (void)parent_->remove(temporary).ok();
  }

  Status write_directory(const std::string& temporary) {
    HF_TRY(parent_->create_directory(temporary, 0700));
    const std::unique_ptr<Directory> top = HF_TRY(parent_->open_directory(temporary));
    for (const auto& file : files_) HF_TRY(write_file(*top, *file).during("write " + printable(file->about.path)));
    const Description description = describe();
    HF_TRY(write_whole(*top, export_manifest_name, description.manifest));
    HF_TRY(write_whole(*top, export_sums_name, description.sums));
    return top->sync_all();
  }

  Status write_file(Directory& top, ExportFile& file) {
    for (size_t slash = file.about.path.find('/'); slash != std::string::npos;
         slash = file.about.path.find('/', slash + 1)) {
      const Status made = top.create_directory(file.about.path.substr(0, slash), 0700);
      if (!made.ok() && made.error().code() != Code::Exists) return made.error().clone();
    }
    NewFile out = HF_TRY(NewFile::create(top, file.about.path, file.mode));
    Passing passing([&](BytesView bytes) { return out.add(bytes); }, request_, file.about.path, outcome_.bytes);
    HF_TRY(file.write([&](BytesView bytes) { return passing.take(bytes); }));
    ExportedFile about = file.about;
    about.bytes = passing.bytes();
    about.sha256 = passing.sha256();
    if (const Bytes beginning = file.beginning(); !beginning.empty()) {
      HF_TRY(out.replace_beginning(beginning));
      about.sha256 = HF_TRY(out.sha256());
    }
    HF_TRY(out.finish());
    HF_TRY(top.set_mtime(file.about.path, file.mtime));
    outcome_.bytes += about.bytes;
    outcome_.manifest.files.push_back(std::move(about));
    return {};
  }

  Status write_whole(Directory& top, const std::string& name, const std::string& text) {
    NewFile out = HF_TRY(NewFile::create(top, name, 0600));
    HF_TRY(out.add(as_bytes(text)));
    outcome_.bytes += text.size();
    return out.finish();
  }

  Status write_archive(const std::string& temporary) {
    NewFile out = HF_TRY(NewFile::create(*parent_, temporary, 0600));
    const Put put = [&](BytesView bytes) { return out.add(bytes); };
    if (request_.format == ExportFormat::TarGz) {
      HF_TRY(write_tar(put));
    } else {
      HF_ASSERT(request_.process != nullptr);
      const auto feed = [&](const ProcessInput& give) { return write_tar(give); };
      HF_TRY(gpg_encrypt(*request_.process, request_.gpg, feed, put, repository_.deadline(), stop_));
    }
    outcome_.bytes = out.size();
    return out.finish();
  }

  Entry make_entry(const std::string& path, FileType type, uint32_t mode, WallTime mtime) const {
    Entry entry;
    entry.path = top_name_ + (path.empty() ? "" : "/" + path);
    entry.info.type = type;
    entry.info.mode = mode;
    entry.info.mtime = mtime;
    return entry;
  }

  Status write_tar(const Put& put) {
    top_name_ = directory_name(point_.manifest.finished);
    TarWriter tar({.gzip = true}, put);
    HF_TRY(tar.begin(make_entry("", FileType::Directory, 0700, point_.manifest.finished)));
    for (const auto& file : files_) HF_TRY(add_file(tar, *file).during("write " + printable(file->about.path)));
    const Description description = describe();
    HF_TRY(add_whole(tar, export_manifest_name, description.manifest));
    HF_TRY(add_whole(tar, export_sums_name, description.sums));
    return tar.finish();
  }

  // A tar file has the length of each file before its bytes: what is compressed is made twice.
  Status add_file(TarWriter& tar, ExportFile& file) {
    std::optional<uint64_t> size = file.size();
    if (!size) {
      size = 0;
      HF_TRY(file.write([&](BytesView bytes) -> Status {
        *size += bytes.size();
        return {};
      }));
    }
    Entry entry = make_entry(file.about.path, FileType::File, file.mode, file.mtime);
    entry.info.size = *size;
    HF_TRY(tar.begin(entry));
    Passing passing([&](BytesView bytes) { return tar.data(bytes); }, request_, file.about.path, passed_);
    HF_TRY(file.write([&](BytesView bytes) -> Status {
      if (bytes.size() > *size - passing.bytes()) return changed();
      return passing.take(bytes);
    }));
    if (passing.bytes() != *size) return changed();
    passed_ += *size;
    outcome_.manifest.files.push_back(file.about);
    outcome_.manifest.files.back().bytes = *size;
    outcome_.manifest.files.back().sha256 = passing.sha256();
    return {};
  }
  static Error changed() { return Error(Code::Corrupt, "it is not as long as it was a moment ago"); }

  Status add_whole(TarWriter& tar, const std::string& name, const std::string& text) {
    Entry entry = make_entry(name, FileType::File, 0600, point_.manifest.finished);
    entry.info.size = text.size();
    HF_TRY(tar.begin(entry));
    return tar.data(as_bytes(text));
  }

  Repository& repository_;
  const Point& point_;
  const ExportRequest& request_;
  const std::stop_token stop_;
  std::unique_ptr<Directory> parent_;
  std::string name_, top_name_;
  std::vector<std::unique_ptr<ExportFile>> files_;
  uint64_t passed_ = 0;
  ExportOutcome outcome_;
};

}  // namespace

std::optional<ExportFormat> parse_export_format(std::string_view name) {
  const auto found = std::find(format_names.begin(), format_names.end(), name);
  if (found == format_names.end()) return std::nullopt;
  return static_cast<ExportFormat>(found - format_names.begin());
}

Result<ExportOutcome> export_point(Repository& repository, const Point& point, const ExportRequest& request,
                                   std::stop_token stop) {
  return Export(repository, point, request, std::move(stop)).run();
}

}  // namespace hf

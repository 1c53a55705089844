// Export: a point as files that stock tools restore, without this program and without the repository.
//
// Written under a temporary name beside the destination, made durable and renamed: a crash leaves nothing under the
// final name. Nothing of the content is written anywhere else. docs/EXCHANGE.md is the runbook for what comes out.
#pragma once

#include "exchange/export_files.h"
#include "exchange/gpg.h"
#include "exchange/part_name.h"

namespace hf {

enum class ExportFormat : uint8_t { Directory, TarGz, TarGzGpg };
std::optional<ExportFormat> parse_export_format(std::string_view name);  // dir, tar.gz, tar.gz.gpg

struct ExportRequest {
  std::string destination;
  ExportFormat format = ExportFormat::TarGzGpg;
  std::vector<std::string> sources;  // empty: all
  GpgOptions gpg;
  Process* process = nullptr;                                             // TarGzGpg
  std::function<void(const std::string& file, uint64_t bytes)> progress;  // written so far, of all
  std::function<void(const Remains&)> on_remains;                         // of exports that were killed
};

struct ExportOutcome {
  ExportManifest manifest;
  uint64_t bytes = 0;  // that the export takes
};

// All is on stable storage when it returns. Refused: there is something at the destination. KeyMissing: see
// gpg_encrypt(). A partial point is exported as it is: manifest.complete says so.
Result<ExportOutcome> export_point(Repository& repository, const Point& point, const ExportRequest& request,
                                   std::stop_token stop);

}  // namespace hf

#include "app/scratch.h"

#include "sys/entry.h"

namespace hf {

Result<std::string> scratch_directory(Context& context, std::string path) {
  if (path.empty()) path = context.program.environment("TMPDIR");
  if (path.empty()) path = "/tmp";
  Result<std::unique_ptr<Directory>> opened = context.program.fs.open_directory(path);
  if (!opened.ok())
    return Error(Code::Invalid,
                 "the scratch directory " + printable(path) + " cannot be used: " + opened.error().message())
        .with_hint("--in DIR names another");
  return path;
}

}  // namespace hf

// Help: the table of verbs as --help, as manual pages and as Markdown.
#pragma once

#include <string>

#include "app/verb.h"

namespace hf {

std::string help_text(const Verb& verb);
std::string help_text_of_group(std::string_view group);
std::string help_text_of_program();

std::string manual_roff(const Verb& verb);
std::string manual_roff_of_program();
std::string manual_markdown();

// "holdfast restore SET|POINT [flags]".
std::string usage_of(const Verb& verb);
std::string program_version();

}  // namespace hf

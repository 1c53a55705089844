// Environments: the configuration's places, and which database servers are in production by what it says.
//
// Names of hosts are compared as they are written, and never looked up: whoever connects by an address as well lists
// that, too. All names of this machine, and sockets, are one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace hf {

std::vector<config::KindSchema> environment_kinds();
// Marked so, or named so and not marked otherwise.
bool is_production(std::string_view name, const config::KindConfig& environment);
// HOST, HOST:PORT or a socket's directory, of its servers.
std::vector<std::string> servers_of(const config::KindConfig& environment);
// `written` as in servers_of(); `server`: HOST:PORT, of which HOST may be a socket's directory.
bool is_same_server(std::string_view written, std::string_view server, std::string_view this_machine);
// Which environment says that the server is in production; "" if none does.
std::string why_production(const config::Config& config, std::string_view server, std::string_view this_machine);

}  // namespace hf

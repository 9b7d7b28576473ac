#pragma once

#include "roomcast/options.hpp"
#include "roomcast/store/sqlite.hpp"

#include <filesystem>
#include <functional>
#include <string_view>

namespace roomcast::store {

using log_function = std::function<void(log_level, std::string_view)>;

/// Opens the database of messages in `file` for this process alone, or makes a new one; `load` is called with it, to read what
/// has to be readable.
///
/// One that was not closed by `close_data_file` is checked as a whole. One that is damaged is set aside as `file`.damaged-N,
/// with what belongs to it, and a new one is made. Throws `std::runtime_error`, whose text names the file and the reason.
database open_data_file(const std::filesystem::path& file, const log_function& log, const std::function<void(database&)>& load);

/// Notes that the database was left in order; there must not be anything written afterwards.
void close_data_file(database& db);

}  // namespace roomcast::store

# Makes a header that holds files as strings: cmake -DOUT=header -DFILES=a;b -P embed.cmake

set(text "#pragma once\n\n#include <string_view>\n\nnamespace roomcast::server::assets {\n\n")
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME)
  string(MAKE_C_IDENTIFIER "${name}" name)
  file(READ "${file}" content)
  string(APPEND text "inline constexpr std::string_view ${name} = R\"~asset~(${content})~asset~\";\n\n")
endforeach()
file(WRITE "${OUT}" "${text}}  // namespace roomcast::server::assets\n")

// Boost.JSON itself, which is compiled once.
#include <boost/json/src.hpp>

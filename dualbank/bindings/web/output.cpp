// cli/output.hpp for a page: it takes the answer as JSON, and what the command would say beside it as notes.
#include "dualbank/cli/output.hpp"

#include "dualbank/bindings/web/page.hpp"

namespace dualbank::cli {

std::string Style::paint(std::string_view, std::string_view text) const { return std::string(text); }

void Output::line(const std::string&) const {}

void Output::aside(const std::string& text) { web::note(text); }

void Output::print_result() const {
  Json object{{"schema", 1}};
  object.update(result_);
  web::answer(object.dump(-1, ' ', true, Json::error_handler_t::replace));
}

}  // namespace dualbank::cli

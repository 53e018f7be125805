#include "CWeirYAML.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct weir_yaml {
  yaml_parser_t parser;
  yaml_event_t event;
};

weir_yaml *weir_yaml_open(const unsigned char *bytes, size_t count) {
  weir_yaml *yaml = calloc(1, sizeof *yaml);
  if (yaml == NULL) return NULL;
  if (!yaml_parser_initialize(&yaml->parser)) {
    free(yaml);
    return NULL;
  }
  yaml_parser_set_encoding(&yaml->parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&yaml->parser, bytes == NULL ? (const unsigned char *)"" : bytes, count);
  return yaml;
}

void weir_yaml_close(weir_yaml *yaml) {
  yaml_event_delete(&yaml->event);
  yaml_parser_delete(&yaml->parser);
  free(yaml);
}

static void set_text(weir_yaml_event *event, const char *text) {
  event->text = text == NULL ? "" : text;
  event->length = strlen(event->text);
}

static weir_yaml_event fault(const yaml_parser_t *parser) {
  weir_yaml_event event = {.kind = WEIR_YAML_NO_MEMORY};
  switch (parser->error) {
    case YAML_SCANNER_ERROR:
    case YAML_PARSER_ERROR:
      event.kind = WEIR_YAML_INVALID;
      event.line = parser->problem_mark.line + 1;
      set_text(&event, parser->problem);
      break;
    case YAML_READER_ERROR:
      event.kind = WEIR_YAML_UNREADABLE;
      event.offset = parser->problem_offset;
      set_text(&event, parser->problem);
      break;
    default: break;
  }
  return event;
}

weir_yaml_event weir_yaml_next(weir_yaml *yaml) {
  yaml_event_t *from = &yaml->event;
  yaml_event_delete(from);
  if (!yaml_parser_parse(&yaml->parser, from)) return fault(&yaml->parser);
  weir_yaml_event event = {.kind = WEIR_YAML_BORDER, .line = from->start_mark.line + 1};
  switch (from->type) {
    case YAML_STREAM_END_EVENT: event.kind = WEIR_YAML_END; break;
    case YAML_ALIAS_EVENT:
      event.kind = WEIR_YAML_ALIAS;
      event.anchor = (const char *)from->data.alias.anchor;
      break;
    case YAML_SCALAR_EVENT:
      event.kind = WEIR_YAML_SCALAR;
      event.text = (const char *)from->data.scalar.value;
      event.length = from->data.scalar.length;
      event.is_plain =
          from->data.scalar.style == YAML_PLAIN_SCALAR_STYLE || from->data.scalar.style == YAML_ANY_SCALAR_STYLE;
      event.anchor = (const char *)from->data.scalar.anchor;
      break;
    case YAML_SEQUENCE_START_EVENT:
      event.kind = WEIR_YAML_SEQUENCE;
      event.anchor = (const char *)from->data.sequence_start.anchor;
      break;
    case YAML_MAPPING_START_EVENT:
      event.kind = WEIR_YAML_MAPPING;
      event.anchor = (const char *)from->data.mapping_start.anchor;
      break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: event.kind = WEIR_YAML_CLOSE; break;
    default: break;
  }
  return event;
}

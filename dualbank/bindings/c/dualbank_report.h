/* All that is known of a flash, name by name: the fields of `dualbank status --json`, in its order. For bindings to other
 * languages, which make their objects of it, and for firmware that prints it. */
#ifndef DUALBANK_REPORT_H
#define DUALBANK_REPORT_H

#include "dualbank/bindings/c/dualbank.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dualbank_item_kind {
  DUALBANK_ITEM_NOTHING = 0, /* null: not there, or not known */
  DUALBANK_ITEM_BOOL = 1,    /* `number`: 0 or 1 */
  DUALBANK_ITEM_NUMBER = 2,  /* `number` */
  DUALBANK_ITEM_TEXT = 3,    /* `text`; what an image's maker wrote is printable ASCII, with '?' for anything else */
  DUALBANK_ITEM_EVENT = 4,   /* `event`: what is wrong with an image */
  DUALBANK_ITEM_OBJECT = 5,  /* the items up to its end are its members */
  DUALBANK_ITEM_LIST = 6,    /* the same; they have no names */
  DUALBANK_ITEM_END = 7      /* of the innermost object or list */
} dualbank_item_kind;

typedef struct dualbank_item {
  dualbank_item_kind kind;
  const char* name; /* NULL: of the whole, of what is in a list, of an end */
  uint32_t number;
  const char* text;            /* gone when the sink returns */
  const dualbank_event* event; /* the same */
} dualbank_item;

/* Takes one item. It may call nothing of the updater's; it may leave the report for good (longjmp). */
typedef void (*dualbank_sink)(void* context, const dualbank_item* item);

/* What a report cannot see for itself. */
typedef struct dualbank_report_terms {
  const dualbank_event* refusal; /* why dualbank_open() was refused; NULL: it was not */
  bool overwrite_drive;          /* updates go on although the drive lies in the other slot */
} dualbank_report_terms;

/* Reads the flash, as often as the calls under "Looking closer" in dualbank.h, and writes nothing. The buffer as there.
 * First comes the whole, an object, last its end. An object file of its own, with the sentences: not linked unless
 * called. */
void dualbank_report(dualbank_updater* updater, const dualbank_report_terms* terms, void* buffer, size_t buffer_bytes,
                     dualbank_sink sink, void* context);

#ifdef __cplusplus
}
#endif

#endif

/* The room's public header: the model, and what others need to build, run and explain scenarios. */
#ifndef SCENARIOS_SCENARIOS_H
#define SCENARIOS_SCENARIOS_H

#include "scenarios/correlate/correlate.h"
#include "scenarios/export/export.h"
#include "scenarios/extract.h"
#include "scenarios/foreign/foreign.h"
#include "scenarios/import_report.h"
#include "scenarios/model.h"
#include "scenarios/shape.h"
#include "scenarios/template.h"

#endif

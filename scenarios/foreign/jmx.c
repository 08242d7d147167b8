/* JMeter test plans (.jmx) to scenarios: the tree, its controllers, thread groups as tasks and load.
 *
 * Called through foreign.c. Thread groups become tasks weighted by their threads; set-up and tear-down
 * groups on_start and on_stop. Loops are repeats, transactions and simple controllers groups. Conditions
 * and random order have no counterpart: their samplers are kept and the report says so. */
#include "scenarios/foreign/jmx.h"

#include "base/num.h"

const struct xml_node *jmx_prop_node(const struct xml_node *n, struct slice name)
{
    for (const struct xml_node *c = n ? n->child : NULL; c; c = c->next)
        if (slice_eq(xml_attr(c, SL("name")), name)) return c;
    return NULL;
}

struct slice jmx_prop(const struct xml_node *n, struct slice name)
{
    const struct xml_node *c = jmx_prop_node(n, name);
    if (c) return c->text;
    for (c = n ? n->child : NULL; c; c = c->next) /* <FloatProperty><name/><value/> */
        if (slice_eq(xml_child_text(c, SL("name")), name)) return xml_child_text(c, SL("value"));
    return (struct slice){ 0 };
}

bool jmx_flag(const struct xml_node *n, struct slice name)
{
    return slice_eq(slice_trim(jmx_prop(n, name)), SL("true"));
}

/* By the element's name, or by the class it says it has. */
bool jmx_is(const struct xml_node *n, struct slice name)
{
    return slice_eq(n->name, name) || slice_eq(xml_attr(n, SL("testclass")), name);
}

bool jmx_enabled(const struct xml_node *n)
{
    return !slice_eq(xml_attr(n, SL("enabled")), SL("false"));
}

struct slice jmx_label(const struct xml_node *n)
{
    return slice_trim(xml_attr(n, SL("testname")));
}

const struct xml_node *jmx_pair(const struct xml_node *n, const struct xml_node **tree)
{
    while (n && slice_eq(n->name, SL("hashTree")))
        n = n->next;
    *tree = n && n->next && slice_eq(n->next->name, SL("hashTree")) ? n->next : NULL;
    return n;
}

/* ---- controllers ---------------------------------------------------------------------------------- */

static void walk(struct jmx *j, const struct xml_node *tree, const struct jmx_scope *outer,
                 struct steps *out);

static bool ends_with(const struct xml_node *n, struct slice end)
{
    return slice_ends(n->name, end) || slice_ends(xml_attr(n, SL("testclass")), end);
}

/* What a controller does that ours cannot; NULL if it can. */
static const char *controller_trouble(const struct xml_node *n)
{
    static const struct {
        const char *name, *trouble;
    } known[] = {
        { "IfController", "its condition is not taken over: its steps always run" },
        { "WhileController", "its condition is not taken over: its steps run once" },
        { "ForeachController", "its list is not taken over: its steps run once" },
        { "SwitchController", "its choice is not taken over: all its steps run" },
        { "RandomController", "it takes one of its steps at random; here all run" },
        { "RandomOrderController", "its order is random; here it is the plan's" },
        { "InterleaveControl", "it takes one of its steps in turn; here all run" },
        { "ThroughputController", "its share is not taken over: its steps always run" },
        { "OnceOnlyController", "it runs once for each thread; here in each iteration" },
        { "RunTime", "its duration is not taken over: its steps run once" },
        { "CriticalSectionController", "its lock is not taken over" },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (jmx_is(n, slice_z(known[i].name))) return known[i].trouble;
    return NULL;
}

static void group(struct jmx *j, const struct xml_node *n, const struct steps *inner,
                  struct steps *out)
{
    if (inner->n == 0) return;
    struct step *s = foreign_step(j->f, out, STEP_GROUP);
    s->name = foreign_keep(j->f, jmx_label(n));
    s->steps = inner->v;
    s->steps_n = inner->n;
}

static void repeat(struct jmx *j, const struct xml_node *n, const struct steps *inner,
                   struct steps *out)
{
    double loops = 1;
    struct slice text = jmx_prop(n, SL("LoopController.loops"));
    if (!jmx_number(j, text, &loops) || loops < 1 || loops > 1e6) {
        foreign_warn(j->f, ADVICE_LOOK, "the loop \"%.*s\" has no constant number: it runs once",
                     SL_FMT(jmx_label(n)));
        loops = 1;
    }
    if (inner->n == 0) return;
    struct step *s = foreign_step(j->f, out, STEP_REPEAT);
    s->times = (unsigned)loops;
    s->steps = inner->v;
    s->steps_n = inner->n;
}

static void controller(struct jmx *j, const struct xml_node *n, const struct xml_node *sub,
                       const struct jmx_scope *scope, struct steps *out)
{
    struct steps inner = { 0 };
    bool flat = jmx_is(n, SL("RecordingController"));
    if (sub) walk(j, sub, scope, flat ? out : &inner);
    if (flat) return;
    const char *trouble = controller_trouble(n);
    if (trouble && inner.n)
        foreign_warn(j->f, ADVICE_LOOK, "line %u: %.*s \"%.*s\": %s", n->line, SL_FMT(n->name),
                     SL_FMT(jmx_label(n)), trouble);
    if (jmx_is(n, SL("LoopController")))
        repeat(j, n, &inner, out);
    else
        group(j, n, &inner, out);
}

/* Flow control: a pause is taken over, stopping is not. */
static void action(struct jmx *j, const struct xml_node *n, struct steps *out)
{
    double ms;
    bool pause = slice_eq(jmx_prop(n, SL("ActionProcessor.action")), SL("1"));
    if (pause && jmx_number(j, jmx_prop(n, SL("ActionProcessor.duration")), &ms))
        foreign_think(j->f, out, WAIT_CONSTANT, ms, 0);
    else if (!pause)
        foreign_warn(j->f, ADVICE_ADD, "line %u: the flow control \"%.*s\" is left out", n->line,
                     SL_FMT(jmx_label(n)));
}

static bool is_http(const struct xml_node *n)
{
    return jmx_is(n, SL("HTTPSamplerProxy")) || jmx_is(n, SL("HTTPSampler")) ||
           jmx_is(n, SL("HTTPSampler2")) || jmx_is(n, SL("AjpSampler")) ||
           jmx_is(n, SL("HttpSampler"));
}

static bool is_controller(const struct xml_node *n)
{
    return ends_with(n, SL("Controller")) || jmx_is(n, SL("InterleaveControl")) ||
           jmx_is(n, SL("RunTime")) || ends_with(n, SL("TestFragment"));
}

/* Elements that send nothing we could send, or change what is sent in ways we do not know. */
static void other(struct jmx *j, const struct xml_node *n)
{
    if (ends_with(n, SL("Sampler")) || ends_with(n, SL("Sample"))) {
        j->f->report->entries_read++;
        foreign_drop(j->f, "not-http");
        foreign_warn(j->f, ADVICE_ADD, "line %u: %.*s \"%.*s\" is no HTTP request: left out",
                     n->line, SL_FMT(n->name), SL_FMT(jmx_label(n)));
    } else if (ends_with(n, SL("PreProcessor")) || ends_with(n, SL("PostProcessor")) ||
               jmx_is(n, SL("ConstantThroughputTimer")) || jmx_is(n, SL("SyncTimer"))) {
        if (!jmx_is(n, SL("JSONPostProcessor")))
            foreign_warn(j->f, ADVICE_ADD, "line %u: %.*s \"%.*s\" is left out", n->line,
                         SL_FMT(n->name), SL_FMT(jmx_label(n)));
    } else if (ends_with(n, SL("Assertion")) && !jmx_is(n, SL("ResponseAssertion")) &&
               !jmx_is(n, SL("DurationAssertion")) && !jmx_is(n, SL("JSONPathAssertion"))) {
        foreign_warn(j->f, ADVICE_ADD, "line %u: the check %.*s \"%.*s\" is left out", n->line,
                     SL_FMT(n->name), SL_FMT(jmx_label(n)));
    }
}

/* What stands below a sampler or beside it and is of no use to us deserves a word. */
static void tell_below(struct jmx *j, const struct xml_node *tree)
{
    const struct xml_node *sub, *n = tree ? jmx_pair(tree->child, &sub) : NULL;
    for (; n; n = jmx_pair(sub ? sub->next : n->next, &sub))
        if (jmx_enabled(n)) other(j, n);
}

static void walk(struct jmx *j, const struct xml_node *tree, const struct jmx_scope *outer,
                 struct steps *out)
{
    static const struct xml_node nothing = { .line = 0 };
    struct jmx_scope scope = { outer, tree };
    const struct xml_node *sub, *n = jmx_pair(tree->child, &sub);
    for (; n; n = jmx_pair(sub ? sub->next : n->next, &sub)) {
        if (!jmx_enabled(n)) {
            if (is_http(n)) j->f->report->entries_read++, foreign_drop(j->f, "disabled");
            continue;
        }
        if (is_http(n)) {
            struct jmx_scope own = { &scope, sub ? sub : &nothing };
            jmx_sampler(j, n, &own, out);
            tell_below(j, sub);
        } else if (is_controller(n)) {
            if (jmx_is(n, SL("IncludeController")) || jmx_is(n, SL("ModuleController")))
                foreign_warn(j->f, ADVICE_ADD, "line %u: what \"%.*s\" refers to is left out",
                             n->line, SL_FMT(jmx_label(n)));
            controller(j, n, sub, &scope, out);
        } else if (jmx_is(n, SL("TestAction"))) {
            action(j, n, out);
        } else {
            other(j, n);
        }
    }
}

/* ---- thread groups -------------------------------------------------------------------------------- */

static double number_or(struct jmx *j, const struct xml_node *n, struct slice name,
                        double otherwise)
{
    double v;
    return jmx_number(j, jmx_prop(n, name), &v) && v >= 0 && v < 1e9 ? v : otherwise;
}

static void add_loops(struct jmx *j, const struct xml_node *n)
{
    const struct xml_node *main_loop = jmx_prop_node(n, SL("ThreadGroup.main_controller"));
    bool for_ever = jmx_flag(main_loop, SL("LoopController.continue_forever"));
    double loops = number_or(j, main_loop, SL("LoopController.loops"), 0);
    struct slice text = slice_trim(jmx_prop(main_loop, SL("LoopController.loops")));
    if (slice_starts(text, SL("-"))) loops = 0;
    (void)for_ever; /* JMeter itself goes by the number */
    uint64_t v = (uint64_t)loops;
    if (j->groups > 0 && v != j->loops) j->loops_differ = true;
    if (v > j->loops || v == 0) j->loops = v;
}

static void thread_group(struct jmx *j, const struct xml_node *n, const struct xml_node *sub,
                         const struct jmx_scope *scope)
{
    struct steps steps = { 0 };
    if (sub) walk(j, sub, scope, &steps);
    if (steps.n == 0) return;
    struct slice label = jmx_label(n);
    if (ends_with(n, SL("SetupThreadGroup")) && j->f->s->on_start_n == 0) {
        j->f->s->on_start = steps.v;
        j->f->s->on_start_n = steps.n;
        foreign_warn(j->f, ADVICE_LOOK,
                     "\"%.*s\" runs once for the test in JMeter, for each user here (on_start)",
                     SL_FMT(label));
        return;
    }
    if (ends_with(n, SL("PostThreadGroup")) && j->f->s->on_stop_n == 0) {
        j->f->s->on_stop = steps.v;
        j->f->s->on_stop_n = steps.n;
        foreign_warn(j->f, ADVICE_LOOK,
                     "\"%.*s\" runs once for the test in JMeter, for each user here (on_stop)",
                     SL_FMT(label));
        return;
    }
    double threads =
        number_or(j, n, SL("ThreadGroup.num_threads"), number_or(j, n, SL("TargetLevel"), 1));
    if (threads < 1) threads = 1;
    if (!slice_eq(n->name, SL("ThreadGroup")))
        foreign_warn(j->f, ADVICE_ADD, "line %u: the schedule of %.*s is not taken over", n->line,
                     SL_FMT(n->name));
    foreign_task(j->f, label, (unsigned)threads, &steps);
    j->users += threads;
    double ramp = number_or(j, n, SL("ThreadGroup.ramp_time"), 0);
    double duration = jmx_flag(n, SL("ThreadGroup.scheduler"))
                          ? number_or(j, n, SL("ThreadGroup.duration"), 0)
                          : 0;
    if (ramp > j->ramp_s) j->ramp_s = ramp;
    if (duration > j->duration_s) j->duration_s = duration;
    add_loops(j, n);
    j->groups++;
}

static void groups(struct jmx *j, const struct xml_node *tree, const struct jmx_scope *outer)
{
    struct jmx_scope scope = { outer, tree };
    const struct xml_node *sub, *n = jmx_pair(tree->child, &sub);
    for (; n; n = jmx_pair(sub ? sub->next : n->next, &sub)) {
        if (!jmx_enabled(n)) {
            if (ends_with(n, SL("ThreadGroup"))) foreign_drop(j->f, "disabled-group");
            continue;
        }
        if (ends_with(n, SL("ThreadGroup")))
            thread_group(j, n, sub, &scope);
        else if (jmx_is(n, SL("TestPlan")) && sub)
            groups(j, sub, &scope);
        else if (sub && !ends_with(n, SL("TestFragment")) && !jmx_is(n, SL("WorkBench")))
            groups(j, sub, &scope);
    }
}

static void set_load(struct jmx *j)
{
    struct load *l = &j->f->s->load;
    if (j->users > 1e6) j->users = 1e6;
    l->users = (uint32_t)j->users;
    if (j->ramp_s > 0 && j->users > 0) l->spawn_rate = j->users / j->ramp_s;
    l->run_time_ns = (uint64_t)(j->duration_s * 1e9);
    if (j->loops_differ)
        foreign_warn(j->f, ADVICE_ADD,
                     "thread groups loop differently: the number of loops is not taken over");
    else
        l->loops = j->loops;
    if (j->groups > 1)
        foreign_warn(j->f, ADVICE_LOOK,
                     "%zu thread groups became tasks: each user chooses one at random, weighted by "
                     "their threads",
                     j->groups);
}

bool jmx_read(struct foreign *f, struct slice text, struct err *err)
{
    struct jmx j = { .f = f };
    struct arena *a = arena_new();
    struct xml *x = xml_open(text, f->path);
    struct xml_node *root = xml_next(x) == XML_START ? xml_tree(x, a) : NULL;
    const struct xml_node *tree = xml_child(root, SL("hashTree"));
    bool ok = root && xml_next(x) == XML_EOF;
    if (!ok) xml_ok(x, err);
    if (tree) {
        jmx_declare(&j, tree);
        groups(&j, tree, NULL);
        set_load(&j);
    }
    xml_close(x);
    arena_free(a);
    return ok;
}

/* Plain deliveries, read in C: what `bridge.amqp_delivery` does in Python, which says what is plain, and why.
 *
 * Whatever comes in was written by others: each length is held against what is there before anything is read by it.
 * Nothing is decided here that Python's side does not decide, and what is rare is called there: tables, origins that
 * have not come before.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>
#include <string.h>

#ifndef SOURCE_DIGEST /* by which infra.local.native knows whether what is there was made of this */
#define SOURCE_DIGEST "a source that nobody has named"
#endif

#define METHOD 1 /* types of frames, and how one ends: AMQP 0-9-1, 4.2.3 */
#define HEADER 2
#define BODY 3
#define END 0xCE
#define BASIC 60

#define HEAD_BYTES 7               /* of a frame: type, channel, size */
#define AROUND_BYTES (HEAD_BYTES + 1)
#define TAG_BYTES 9                /* delivery tag, redelivered */
#define LEAST_CONTENT_BYTES 14     /* class, weight, size of the body, flags */
#define CONTENT_BYTES (HEAD_BYTES + LEAST_CONTENT_BYTES)
#define UNKNOWN_FLAGS 3u
#define FIRST_FLAG 0x8000u
#define MOST_PROPERTIES 14

enum kind { TEXT, TABLE, OCTET, TIME }; /* as Python's side numbers them */

enum outcome { FAILED = -1, LEFT, TAKEN }; /* a Python exception is set; it is left to pika; it is read */

/* What `bind` was given: the function's `self`, a tuple. */
enum part {
    FACTS, ORIGIN, COMMON_TABLE, LARGE_TABLE, COMMON_BYTES, LEAVE, NAMES, KINDS, BOUND_PARTS,
    MARK = BOUND_PARTS, ARRIVE, ASSEMBLER, ORIGINS, METHOD_FRAME, PARTS /* names of attributes */
};
#define PART(name) PyTuple_GET_ITEM(parts, name)

typedef struct {
    PyObject *consumer, *mark, *arrive, *assembler, *origins; /* owned, once there is one */
    uint32_t size; /* of what the last delivery's first frame carries */
    uint16_t channel;
} Reader;

typedef struct {
    const unsigned char *at, *end;
} Span;

static inline size_t
left(const Span *span)
{
    return (size_t)(span->end - span->at);
}

static inline uint16_t
read16(const unsigned char *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t
read32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline uint64_t
read64(const unsigned char *at)
{
    return (uint64_t)read32(at) << 32 | read32(at + 4);
}

static inline PyObject *
bytes_of(const unsigned char *at, size_t size)
{
    return PyBytes_FromStringAndSize((const char *)at, (Py_ssize_t)size);
}

/* LEFT where it is of the kinds that mean so, and then it is over; else FAILED. */
static enum outcome
judge_error(PyObject *parts)
{
    if (!PyErr_ExceptionMatches(PART(LEAVE)))
        return FAILED;
    PyErr_Clear();
    return LEFT;
}

/* A text with its length before it; bytes where it is no UTF-8. One that ends after what it is in is shorter: so does
 * pika take it, and nothing can follow. */
static enum outcome
read_text(Span *span, PyObject **text)
{
    if (!left(span))
        return LEFT;
    size_t size = *span->at++;
    if (size > left(span))
        size = left(span);
    *text = PyUnicode_DecodeUTF8((const char *)span->at, (Py_ssize_t)size, NULL);
    if (!*text && PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) {
        PyErr_Clear();
        *text = bytes_of(span->at, size);
    }
    span->at += size;
    return *text ? TAKEN : FAILED;
}

static enum outcome
read_table(PyObject *parts, Span *span, PyObject **headers)
{
    if (left(span) < 4)
        return LEFT;
    uint64_t size = 4 + (uint64_t)read32(span->at);
    if (size > left(span))
        return LEFT;
    size_t common_bytes = PyLong_AsSize_t(PART(COMMON_BYTES));
    if (common_bytes == (size_t)-1 && PyErr_Occurred())
        return FAILED;
    PyObject *encoded = bytes_of(span->at, (size_t)size);
    if (!encoded)
        return FAILED;
    PyObject *table = PyObject_CallOneArg(PART(size <= common_bytes ? COMMON_TABLE : LARGE_TABLE), encoded);
    Py_DECREF(encoded);
    if (!table)
        return judge_error(parts);
    span->at += size;
    Py_XSETREF(*headers, table);
    return TAKEN;
}

static enum outcome
read_property(PyObject *parts, Span *span, int number, PyObject *properties, PyObject **headers)
{
    PyObject *value = NULL;
    switch (PyBytes_AS_STRING(PART(KINDS))[number]) {
    case TABLE:
        return read_table(parts, span, headers);
    case TEXT: {
        enum outcome outcome = read_text(span, &value);
        if (outcome != TAKEN)
            return outcome;
        break;
    }
    case OCTET:
        if (!left(span))
            return LEFT;
        value = PyLong_FromLong(*span->at++);
        break;
    default: /* TIME */
        if (left(span) < 8)
            return LEFT;
        value = PyLong_FromUnsignedLongLong(read64(span->at));
        span->at += 8;
    }
    if (!value)
        return FAILED;
    int set = PyDict_SetItem(properties, PyTuple_GET_ITEM(PART(NAMES), number), value);
    Py_DECREF(value);
    return set < 0 ? FAILED : TAKEN;
}

/* The properties that the flags promise, but `headers`, which are None where they are not among them. */
static enum outcome
read_properties(PyObject *parts, Span span, unsigned flags, PyObject **properties, PyObject **headers)
{
    *headers = Py_NewRef(Py_None);
    *properties = PyDict_New();
    if (!*properties)
        return FAILED;
    for (int number = 0; number < MOST_PROPERTIES; number++) {
        if (flags & FIRST_FLAG >> number) {
            enum outcome outcome = read_property(parts, &span, number, *properties, headers);
            if (outcome != TAKEN)
                return outcome;
        }
    }
    return TAKEN;
}

/* Exchange and routing key, which the caller owns then: made of the same bytes before, or now, by Python's side. */
static enum outcome
find_origin(PyObject *parts, PyObject *origins, Span span, PyObject **exchange, PyObject **routing_key)
{
    PyObject *encoded = bytes_of(span.at, left(&span));
    if (!encoded)
        return FAILED;
    PyObject *origin = Py_XNewRef(PyDict_GetItemWithError(origins, encoded));
    if (!origin && !PyErr_Occurred())
        origin = PyObject_CallFunctionObjArgs(PART(ORIGIN), encoded, origins, NULL);
    Py_DECREF(encoded);
    if (!origin)
        return judge_error(parts);
    int fits = PyTuple_CheckExact(origin) && PyTuple_GET_SIZE(origin) == 2;
    if (fits) {
        *exchange = Py_NewRef(PyTuple_GET_ITEM(origin, 0));
        *routing_key = Py_NewRef(PyTuple_GET_ITEM(origin, 1));
    }
    else
        PyErr_SetString(PyExc_TypeError, "an origin is an exchange and a routing key");
    Py_DECREF(origin);
    return fits ? TAKEN : FAILED;
}

static enum outcome
hand_over(PyObject *parts, const Reader *reader, const unsigned char *of_tag, Span origin, Span encoded,
          unsigned flags, Span content)
{
    PyObject *exchange = NULL, *routing_key = NULL, *properties = NULL, *headers = NULL;
    PyObject *facts = NULL, *tag = NULL, *body = NULL, *done = NULL;
    enum outcome outcome = find_origin(parts, reader->origins, origin, &exchange, &routing_key);
    if (outcome == TAKEN)
        outcome = read_properties(parts, encoded, flags, &properties, &headers);
    if (outcome == TAKEN) {
        outcome = FAILED;
        PyObject *of_facts[] = {NULL, exchange, routing_key, of_tag[8] & 1 ? Py_True : Py_False, properties};
        tag = PyLong_FromUnsignedLongLong(read64(of_tag));
        body = tag ? bytes_of(content.at, left(&content)) : NULL;
        if (body)
            facts = PyObject_Vectorcall(PART(FACTS), of_facts + 1, 4 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
        if (facts) {
            PyObject *of_arrive[] = {NULL, tag, facts, headers, body};
            done = PyObject_Vectorcall(reader->arrive, of_arrive + 1, 4 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
            if (done)
                outcome = TAKEN;
        }
    }
    Py_XDECREF(exchange);
    Py_XDECREF(routing_key);
    Py_XDECREF(properties);
    Py_XDECREF(headers);
    Py_XDECREF(facts);
    Py_XDECREF(tag);
    Py_XDECREF(body);
    Py_XDECREF(done);
    return outcome;
}

static void
forget(Reader *reader)
{
    Py_CLEAR(reader->consumer);
    Py_CLEAR(reader->mark);
    Py_CLEAR(reader->arrive);
    Py_CLEAR(reader->assembler);
    Py_CLEAR(reader->origins);
}

static enum outcome
become(PyObject *parts, Reader *reader, PyObject *consumer)
{
    forget(reader);
    reader->consumer = Py_NewRef(consumer);
    if (!(reader->mark = PyObject_GetAttr(consumer, PART(MARK)))
        || !(reader->arrive = PyObject_GetAttr(consumer, PART(ARRIVE)))
        || !(reader->assembler = PyObject_GetAttr(consumer, PART(ASSEMBLER)))
        || !(reader->origins = PyObject_GetAttr(consumer, PART(ORIGINS))))
        return FAILED;
    if (!PyBytes_Check(reader->mark) || !PyDict_Check(reader->origins)) {
        PyErr_SetString(PyExc_TypeError, "a consumer's mark is bytes, its origins are a dict");
        return FAILED;
    }
    return TAKEN;
}

static inline int
begins_with_mark(const Reader *reader, Span payload)
{
    size_t size = (size_t)PyBytes_GET_SIZE(reader->mark);
    return size <= left(&payload) && !memcmp(payload.at, PyBytes_AS_STRING(reader->mark), size);
}

/* Whose delivery it is that begins with such a frame. */
static enum outcome
find_reader(PyObject *parts, Reader *reader, Span frame, PyObject *consumers)
{
    Span payload = {frame.at + HEAD_BYTES, frame.end};
    uint16_t channel = read16(frame.at + 1);
    uint32_t size = read32(frame.at + 3);
    if (reader->consumer && channel == reader->channel && size == reader->size && begins_with_mark(reader, payload))
        return TAKEN;
    PyObject *key = PyLong_FromLong(channel);
    if (!key)
        return FAILED;
    PyObject *consumer = Py_XNewRef(PyDict_GetItemWithError(consumers, key));
    Py_DECREF(key);
    if (!consumer)
        return PyErr_Occurred() ? FAILED : LEFT;
    enum outcome outcome = consumer == reader->consumer ? TAKEN : become(parts, reader, consumer);
    Py_DECREF(consumer);
    reader->channel = channel;
    reader->size = size;
    return outcome != TAKEN || begins_with_mark(reader, payload) ? outcome : LEFT;
}

/* Whether pika is within a message of the channel: then what comes is the rest of it. */
static enum outcome
ensure_between_messages(PyObject *parts, const Reader *reader)
{
    PyObject *method_frame = PyObject_GetAttr(reader->assembler, PART(METHOD_FRAME));
    if (!method_frame)
        return FAILED;
    enum outcome outcome = method_frame == Py_None ? TAKEN : LEFT;
    Py_DECREF(method_frame);
    return outcome;
}

/* The delivery that a span begins with; where it is taken, the span begins after it. */
static enum outcome
take(PyObject *parts, Reader *reader, Span *span, PyObject *consumers)
{
    const unsigned char *method = span->at;
    if (left(span) <= HEAD_BYTES || method[0] != METHOD)
        return LEFT;
    enum outcome outcome = find_reader(parts, reader, *span, consumers);
    if (outcome == TAKEN)
        outcome = ensure_between_messages(parts, reader);
    if (outcome != TAKEN)
        return outcome;

    uint64_t method_bytes = AROUND_BYTES + (uint64_t)reader->size;
    if (method_bytes + CONTENT_BYTES > left(span))
        return LEFT;
    const unsigned char *header = method + method_bytes;
    uint64_t content_bytes = read32(header + 3), body_bytes = read64(header + HEAD_BYTES + 4);
    unsigned flags = read16(header + HEAD_BYTES + 12);
    if (header[-1] != END || header[0] != HEADER || read16(header + 1) != reader->channel
        || content_bytes < LEAST_CONTENT_BYTES || content_bytes + AROUND_BYTES > (size_t)(span->end - header)
        || read16(header + HEAD_BYTES) != BASIC || flags & UNKNOWN_FLAGS)
        return LEFT;
    const unsigned char *body = header + AROUND_BYTES + content_bytes;
    if (body[-1] != END)
        return LEFT;
    Span content = {body, body};
    if (body_bytes) {
        size_t rest = (size_t)(span->end - body);
        if (rest < AROUND_BYTES || body_bytes > rest - AROUND_BYTES || body[0] != BODY
            || read16(body + 1) != reader->channel || read32(body + 3) != body_bytes
            || body[HEAD_BYTES + body_bytes] != END)
            return LEFT;
        content.at = body + HEAD_BYTES;
        content.end = content.at + body_bytes;
    }
    uint64_t before_origin = HEAD_BYTES + (uint64_t)PyBytes_GET_SIZE(reader->mark) + TAG_BYTES;
    if (before_origin >= method_bytes)
        return LEFT;
    const unsigned char *tag = method + before_origin - TAG_BYTES;
    Span origin = {tag + TAG_BYTES, header - 1}, encoded = {header + CONTENT_BYTES, body - 1};
    outcome = hand_over(parts, reader, tag, origin, encoded, flags, content);
    if (outcome == TAKEN)
        span->at = body_bytes ? content.end + 1 : body;
    return outcome;
}

static PyObject *
take_deliveries(PyObject *parts, PyObject *const *arguments, Py_ssize_t count)
{
    if (count != 4 || !PyBytes_Check(arguments[0]) || !PyDict_Check(arguments[3])) {
        PyErr_SetString(PyExc_TypeError, "take_deliveries(data: bytes, at: int, end: int, consumers: dict)");
        return NULL;
    }
    Py_ssize_t at = PyLong_AsSsize_t(arguments[1]), end = PyLong_AsSsize_t(arguments[2]);
    if ((at == -1 || end == -1) && PyErr_Occurred())
        return NULL;
    if (at < 0 || end < at || end > PyBytes_GET_SIZE(arguments[0])) {
        PyErr_SetString(PyExc_ValueError, "take_deliveries: a place beyond the data");
        return NULL;
    }
    const unsigned char *data = (const unsigned char *)PyBytes_AS_STRING(arguments[0]);
    Span span = {data + at, data + end};
    Reader reader = {0};
    enum outcome outcome;
    do
        outcome = take(parts, &reader, &span, arguments[3]);
    while (outcome == TAKEN);
    forget(&reader);
    return outcome == FAILED ? NULL : PyLong_FromSsize_t(span.at - data);
}

static PyMethodDef take_deliveries_method = {
    "take_deliveries", (PyCFunction)(void (*)(void))take_deliveries, METH_FASTCALL,
    "Take in the plain deliveries that begin at a place, one after the other; returns where anything else begins."};

static PyObject *
bind(PyObject *module, PyObject *arguments)
{
    static const char *const attributes[] = {"mark", "arrive", "assembler", "origins", "_method_frame"};
    PyObject *bound[BOUND_PARTS];
    if (!PyArg_ParseTuple(arguments, "OOOOO!O!O!S:bind", &bound[FACTS], &bound[ORIGIN], &bound[COMMON_TABLE],
                          &bound[LARGE_TABLE], &PyLong_Type, &bound[COMMON_BYTES], &PyTuple_Type, &bound[LEAVE],
                          &PyTuple_Type, &bound[NAMES], &bound[KINDS]))
        return NULL;
    if (PyTuple_GET_SIZE(bound[NAMES]) != MOST_PROPERTIES || PyBytes_GET_SIZE(bound[KINDS]) != MOST_PROPERTIES) {
        PyErr_SetString(PyExc_ValueError, "bind: there are fourteen properties");
        return NULL;
    }
    PyObject *parts = PyTuple_New(PARTS);
    if (!parts)
        return NULL;
    for (int part = 0; part < PARTS; part++) {
        PyObject *one = part < BOUND_PARTS ? Py_NewRef(bound[part])
                                           : PyUnicode_InternFromString(attributes[part - BOUND_PARTS]);
        if (!one) {
            Py_DECREF(parts);
            return NULL;
        }
        PyTuple_SET_ITEM(parts, part, one);
    }
    PyObject *function = PyCFunction_NewEx(&take_deliveries_method, parts, NULL);
    Py_DECREF(parts);
    (void)module;
    return function;
}

static PyMethodDef methods[] = {
    {"bind", bind, METH_VARARGS, "A `take_deliveries` that makes of them what it is given here; see the stub."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}}; /* no state: as many interpreters as there are may have it */

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "_amqp_delivery",
    .m_doc = "Plain deliveries, read in C; see bridge.amqp_delivery. Made of " SOURCE_DIGEST,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__amqp_delivery(void)
{
    return PyModuleDef_Init(&definition);
}

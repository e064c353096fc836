/* Entries for SQS, made and written in C: what `bridge.entry` does in Python, which says what each part is.
 *
 * Only what is plain is done here: anything else is None, or written by Python's side. What an envelope looks like is
 * not said here: its text comes in pieces, between which values are put.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifndef SOURCE_DIGEST /* by which infra.local.native knows whether what is there was made of this */
#define SOURCE_DIGEST "a source that nobody has named"
#endif

#define EACH 0x0101010101010101u
#define HIGH 0x8080808080808080u

/* Whether any of eight octets is below a number of at most 128, or is a certain one (graphics.stanford.edu/~seander,
 * "Determine if a word has a byte less than n"). Exactly: which octets are marked may be wrong, by what is borrowed, but
 * the lowest that is below borrows of the next, whereas nothing has been borrowed of it; if none is, none is marked. */
#define ANY_BELOW(word, number) (((word) - EACH * (number)) & ~(word) & HIGH)
#define ANY_IS(word, octet) ANY_BELOW((word) ^ EACH * (octet), 1)

static inline uint64_t
word_at(const unsigned char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static inline int
is_plain(unsigned char octet)
{
    return octet >= 0x20 && octet != '"' && octet != '\\';
}

/* Whether JSON has a text of ASCII as it is: without control characters, quotes and backslashes (RFC 8259, 7). */
static int
all_plain(const unsigned char *at, size_t size)
{
    const unsigned char *end = at + size;
    for (; (size_t)(end - at) >= 8; at += 8) {
        uint64_t word = word_at(at);
        if (ANY_BELOW(word, 0x20) | ANY_IS(word, '"') | ANY_IS(word, '\\'))
            return 0;
    }
    for (; at < end; at++)
        if (!is_plain(*at))
            return 0;
    return 1;
}

static int
all_ascii(const unsigned char *at, size_t size)
{
    uint64_t any = 0;
    for (; size >= 8; at += 8, size -= 8)
        any |= word_at(at);
    for (; size; at++, size--)
        any |= *at;
    return !(any & HIGH);
}

/* Whether SQS takes the characters of valid UTF-8 as they are (contracts.envelope). */
static int
all_carried(const unsigned char *at, size_t size)
{
    const unsigned char *end = at + size;
    while (at < end) {
        if (end - at >= 8) {
            uint64_t word = word_at(at);
            if (!(ANY_BELOW(word, 0x20) | ANY_IS(word, 0xEF))) {
                at += 8;
                continue;
            }
        }
        unsigned char octet = *at;
        if (octet < 0x20 && octet != '\t' && octet != '\n' && octet != '\r')
            return 0;
        if (octet == 0xEF && end - at >= 3 && at[1] == 0xBF && at[2] >= 0xBE) /* U+FFFE, U+FFFF */
            return 0;
        at++;
    }
    return 1;
}

/* A text that JSON has as it is; NULL without an exception for any other value. */
static const char *
plain_text(PyObject *value, size_t *size)
{
    if (!PyUnicode_CheckExact(value) || !PyUnicode_IS_COMPACT_ASCII(value))
        return NULL;
    *size = (size_t)PyUnicode_GET_LENGTH(value);
    const char *text = (const char *)PyUnicode_1BYTE_DATA(value);
    return all_plain((const unsigned char *)text, *size) ? text : NULL;
}

/* The envelope. */

enum piece { HEAD, AFTER_ID, AFTER_TIME, AFTER_KEY, AFTER_PROPERTIES, AFTER_HEADERS, TYPE, AROUND, PIECES };
enum argument { LAYOUT, BODY, KEY, PROPERTIES, HEADERS, ID, SUBJECT, CONTENT_TYPE, TRACE, AT, GROUP, DEDUPLICATION, ARGUMENTS };
#define MOST_PARTS 96 /* all properties that there are make some seventy, with twenty around them */
#define MOST_NUMBERS 16

typedef struct {
    const char *at[MOST_PARTS];
    size_t size[MOST_PARTS];
    int count;
    size_t room; /* of the entry: what is not yet taken */
    size_t total;
    char numbers[MOST_NUMBERS][24];
    int number_count;
} Parts;

static int
take_room(Parts *parts, size_t size)
{
    if (size > parts->room)
        return 0;
    parts->room -= size;
    return 1;
}

static int
add(Parts *parts, const char *at, size_t size)
{
    if (parts->count == MOST_PARTS || !take_room(parts, size))
        return 0;
    parts->at[parts->count] = at;
    parts->size[parts->count++] = size;
    parts->total += size;
    return 1;
}
#define ADD(parts, text) add(parts, text, sizeof(text) - 1)

static int
add_text(Parts *parts, PyObject *value)
{
    size_t size;
    const char *text = plain_text(value, &size);
    return text && add(parts, text, size);
}

static int
add_bytes(Parts *parts, PyObject *bytes)
{
    if (!PyBytes_CheckExact(bytes))
        return 0;
    const char *at = PyBytes_AS_STRING(bytes);
    size_t size = (size_t)PyBytes_GET_SIZE(bytes);
    return all_ascii((const unsigned char *)at, size) && add(parts, at, size);
}

static int
add_piece(Parts *parts, PyObject *layout, enum piece piece)
{
    return add_bytes(parts, PyTuple_GET_ITEM(layout, piece));
}

static int
add_number(Parts *parts, PyObject *value)
{
    int overflow;
    long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow || parts->number_count == MOST_NUMBERS)
        return 0;
    char *text = parts->numbers[parts->number_count++];
    return add(parts, text, (size_t)snprintf(text, sizeof parts->numbers[0], "%lld", number));
}

static int
add_properties(Parts *parts, PyObject *properties)
{
    PyObject *name, *value;
    Py_ssize_t at = 0;
    int first = 1;
    if (!ADD(parts, "{"))
        return 0;
    while (PyDict_Next(properties, &at, &name, &value)) {
        if (!(first ? ADD(parts, "\"") : ADD(parts, ",\"")) || !add_text(parts, name))
            return 0;
        first = 0;
        if (PyLong_CheckExact(value) ? !(ADD(parts, "\":") && add_number(parts, value))
                                     : !(ADD(parts, "\":\"") && add_text(parts, value) && ADD(parts, "\"")))
            return 0;
    }
    return ADD(parts, "}");
}

static int
add_optional(Parts *parts, const char *before, size_t size, PyObject *value)
{
    return value == Py_None || (add(parts, before, size) && add_text(parts, value) && ADD(parts, "\""));
}
#define ADD_OPTIONAL(parts, name, value) add_optional(parts, ",\"" name "\":\"", sizeof(",\"" name "\":\"") - 1, value)

static PyObject *
joined(const Parts *parts)
{
    PyObject *text = PyUnicode_New((Py_ssize_t)parts->total, 0x7F);
    if (!text)
        return NULL;
    char *at = (char *)PyUnicode_1BYTE_DATA(text);
    for (int part = 0; part < parts->count; part++) {
        memcpy(at, parts->at[part], parts->size[part]);
        at += parts->size[part];
    }
    return text;
}

/* `self` is (Entry, entry's most bytes). Until the entry is made nothing of Python's runs: what parts point to stays. */
static PyObject *
compose(PyObject *self, PyObject *const *given, Py_ssize_t count)
{
    if (count != ARGUMENTS || !PyTuple_CheckExact(given[LAYOUT]) || PyTuple_GET_SIZE(given[LAYOUT]) != PIECES) {
        PyErr_SetString(PyExc_TypeError, "compose: see the stub");
        return NULL;
    }
    PyObject *layout = given[LAYOUT], *type = PyTuple_GET_ITEM(layout, TYPE);
    size_t most = PyLong_AsSize_t(PyTuple_GET_ITEM(self, 1));
    size_t around = PyErr_Occurred() ? 0 : PyLong_AsSize_t(PyTuple_GET_ITEM(layout, AROUND));
    if (PyErr_Occurred())
        return NULL;
    size_t type_size, id_size;
    if (!PyBytes_CheckExact(given[BODY]) || !PyDict_CheckExact(given[PROPERTIES]) || !plain_text(type, &type_size)
        || !plain_text(given[ID], &id_size))
        Py_RETURN_NONE;
    const unsigned char *body = (const unsigned char *)PyBytes_AS_STRING(given[BODY]);
    size_t body_size = (size_t)PyBytes_GET_SIZE(given[BODY]);
    Parts parts;
    parts.count = parts.number_count = 0;
    parts.room = most;
    parts.total = 0;
    if (!(body_size && take_room(&parts, around) && take_room(&parts, body_size) && take_room(&parts, id_size)
          && add_piece(&parts, layout, HEAD) && add_text(&parts, given[ID]) && add_piece(&parts, layout, AFTER_ID)
          && add_text(&parts, given[AT]) && add_piece(&parts, layout, AFTER_TIME) && add_text(&parts, given[KEY])
          && add_piece(&parts, layout, AFTER_KEY) && add_properties(&parts, given[PROPERTIES])
          && add_piece(&parts, layout, AFTER_PROPERTIES) && add_bytes(&parts, given[HEADERS])
          && add_piece(&parts, layout, AFTER_HEADERS) && ADD_OPTIONAL(&parts, "subject", given[SUBJECT])
          && ADD_OPTIONAL(&parts, "datacontenttype", given[CONTENT_TYPE])
          && ADD_OPTIONAL(&parts, "traceparent", given[TRACE]) && ADD(&parts, "}") && all_carried(body, body_size)))
        Py_RETURN_NONE;
    PyObject *entry = NULL, *envelope = NULL, *total = NULL;
    PyObject *text = PyUnicode_DecodeUTF8((const char *)body, (Py_ssize_t)body_size, NULL);
    if (!text) {
        if (!PyErr_ExceptionMatches(PyExc_UnicodeDecodeError))
            return NULL;
        PyErr_Clear();
        Py_RETURN_NONE;
    }
    if ((envelope = joined(&parts)) && (total = PyLong_FromSize_t(most - parts.room))) {
        PyObject *of_entry[] = {NULL, text, envelope, given[ID], type, given[GROUP], given[DEDUPLICATION], total};
        entry = PyObject_Vectorcall(PyTuple_GET_ITEM(self, 0), of_entry + 1, 7 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    }
    Py_DECREF(text);
    Py_XDECREF(envelope);
    Py_XDECREF(total);
    return entry;
}

/* The call. */

enum field { OF_BODY, OF_ENVELOPE, OF_ID, OF_TYPE, OF_GROUP, OF_DEDUPLICATION, FIELDS };

typedef struct {
    char *start, *at, *end;
} Buffer;

static int
ensure(Buffer *buffer, size_t more)
{
    if ((size_t)(buffer->end - buffer->at) >= more)
        return 1;
    size_t used = (size_t)(buffer->at - buffer->start), least = used + more, size = 2 * least;
    char *start = least > PY_SSIZE_T_MAX / 2 ? NULL : PyMem_Realloc(buffer->start, size);
    if (!start) {
        PyErr_NoMemory();
        return 0;
    }
    *buffer = (Buffer){start, start + used, start + size};
    return 1;
}

static int
put(Buffer *buffer, const char *text, size_t size)
{
    if (!ensure(buffer, size))
        return 0;
    memcpy(buffer->at, text, size);
    buffer->at += size;
    return 1;
}
#define PUT(buffer, text) put(buffer, text, sizeof(text) - 1)

#define LONGEST_ESCAPE 6
#define AT_ONCE 1024 /* octets for which there is room, however they are escaped */

/* How JSON escapes an octet of UTF-8 (RFC 8259, 7): not, by a backslash before it, or by another letter. */
static void
put_control(Buffer *buffer, unsigned char octet)
{
    static const char letters[] = "btn\0fr", digits[] = "0123456789abcdef";
    *buffer->at++ = '\\';
    if (octet >= '\b' && octet <= '\r' && octet != '\v')
        *buffer->at++ = letters[octet - '\b'];
    else {
        memcpy(buffer->at, "u00", 3);
        buffer->at[3] = digits[octet >> 4];
        buffer->at[4] = digits[octet & 15];
        buffer->at += 5;
    }
}

static void
put_octets(Buffer *buffer, const unsigned char *text, const unsigned char *end)
{
    char *at = buffer->at;
    for (; text < end; text++) {
        unsigned char octet = *text;
        if (octet < 0x20) {
            buffer->at = at;
            put_control(buffer, octet);
            at = buffer->at;
            continue;
        }
        size_t escaped = (octet == '"') | (octet == '\\'); /* no branch: one octet in seven is a quote */
        at[0] = '\\';
        at[escaped] = (char)octet;
        at += 1 + escaped;
    }
    buffer->at = at;
}

/* Escaped as JSON has it. A str of whatever characters. */
static int
put_text(Buffer *buffer, PyObject *value)
{
    Py_ssize_t left, some;
    const unsigned char *text = (const unsigned char *)PyUnicode_AsUTF8AndSize(value, &left);
    if (!text) {
        if (PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) /* which would quote it */
            PyErr_SetString(PyExc_TypeError, "write_batch: half a character");
        return 0;
    }
    for (; left; text += some, left -= some) {
        some = left < AT_ONCE ? left : AT_ONCE;
        if (!ensure(buffer, LONGEST_ESCAPE * (size_t)some))
            return 0;
        put_octets(buffer, text, text + some);
    }
    return 1;
}

static int
put_optional(Buffer *buffer, const char *before, size_t size, PyObject *value)
{
    return value == Py_None || (put(buffer, before, size) && put_text(buffer, value) && PUT(buffer, "\""));
}
#define PUT_OPTIONAL(buffer, before, value) put_optional(buffer, before, sizeof(before) - 1, value)

#define VALUE "\":{\"DataType\":\"String\",\"StringValue\":\""

static int
put_entry(Buffer *buffer, PyObject *const *fields, Py_ssize_t position)
{
    char before[48];
    int size = snprintf(before, sizeof before, "%s{\"Id\":\"%zd\",\"MessageBody\":\"", position ? "," : "", position);
    int has_envelope = PyUnicode_GET_LENGTH(fields[OF_ENVELOPE]) > 0;
    return put(buffer, before, (size_t)size) && put_text(buffer, fields[OF_BODY])
           && PUT(buffer, "\",\"MessageAttributes\":{\"type" VALUE) && put_text(buffer, fields[OF_TYPE])
           && PUT(buffer, "\"},\"id" VALUE) && put_text(buffer, fields[OF_ID])
           && (!has_envelope || (PUT(buffer, "\"},\"envelope" VALUE) && put_text(buffer, fields[OF_ENVELOPE])))
           && PUT(buffer, "\"}}") && PUT_OPTIONAL(buffer, ",\"MessageGroupId\":\"", fields[OF_GROUP])
           && PUT_OPTIONAL(buffer, ",\"MessageDeduplicationId\":\"", fields[OF_DEDUPLICATION]) && PUT(buffer, "}");
}

static int
put_next(Buffer *buffer, PyObject *names, PyObject *entry, Py_ssize_t position)
{
    PyObject *fields[FIELDS] = {NULL};
    int done = 1;
    for (int field = 0; done && field < FIELDS; field++) {
        fields[field] = PyObject_GetAttr(entry, PyTuple_GET_ITEM(names, field));
        done = fields[field] && (PyUnicode_Check(fields[field]) || (field >= OF_GROUP && fields[field] == Py_None));
        if (fields[field] && !done)
            PyErr_SetString(PyExc_TypeError, "write_batch: a text is none");
    }
    done = done && put_entry(buffer, fields, position);
    for (int field = 0; field < FIELDS; field++)
        Py_XDECREF(fields[field]);
    return done;
}

/* `self` is the names of an entry's fields. */
static PyObject *
write_batch(PyObject *self, PyObject *const *given, Py_ssize_t count)
{
    if (count != 2 || !PyBytes_CheckExact(given[0])) {
        PyErr_SetString(PyExc_TypeError, "write_batch: see the stub");
        return NULL;
    }
    PyObject *entries = PySequence_Fast(given[1], "write_batch: no sequence of entries");
    if (!entries)
        return NULL;
    Buffer buffer = {NULL, NULL, NULL};
    int done = ensure(&buffer, AT_ONCE) && put(&buffer, PyBytes_AS_STRING(given[0]), (size_t)PyBytes_GET_SIZE(given[0]));
    for (Py_ssize_t position = 0; done && position < PySequence_Fast_GET_SIZE(entries); position++) {
        PyObject *entry = Py_NewRef(PySequence_Fast_GET_ITEM(entries, position)); /* a list may change under its hands */
        done = put_next(&buffer, self, entry, position);
        Py_DECREF(entry);
    }
    Py_DECREF(entries);
    PyObject *written = NULL;
    if (done && PUT(&buffer, "]}"))
        written = PyBytes_FromStringAndSize(buffer.start, buffer.at - buffer.start);
    PyMem_Free(buffer.start);
    return written;
}

static PyMethodDef compose_method = {
    "compose", (PyCFunction)(void (*)(void))compose, METH_FASTCALL, "An entry of what is plain, or None; see the stub."};
static PyMethodDef write_batch_method = {
    "write_batch", (PyCFunction)(void (*)(void))write_batch, METH_FASTCALL,
    "What a call of SendMessageBatch says of entries, after what it says of the queue; see the stub."};

static PyObject *
bind(PyObject *module, PyObject *arguments)
{
    static const char *const fields[] = {"body", "envelope", "id", "type", "group", "deduplication"};
    PyObject *type, *most, *made = NULL, *names = PyTuple_New(FIELDS);
    if (!names || !PyArg_ParseTuple(arguments, "OO!:bind", &type, &PyLong_Type, &most))
        goto end;
    for (int field = 0; field < FIELDS; field++) {
        PyObject *name = PyUnicode_InternFromString(fields[field]);
        if (!name)
            goto end;
        PyTuple_SET_ITEM(names, field, name);
    }
    PyObject *of_compose = PyTuple_Pack(2, type, most);
    if (of_compose) {
        PyObject *first = PyCFunction_NewEx(&compose_method, of_compose, NULL);
        PyObject *second = PyCFunction_NewEx(&write_batch_method, names, NULL);
        if (first && second)
            made = PyTuple_Pack(2, first, second);
        Py_XDECREF(first);
        Py_XDECREF(second);
        Py_DECREF(of_compose);
    }
end:
    Py_XDECREF(names);
    (void)module;
    return made;
}

static PyMethodDef methods[] = {
    {"bind", bind, METH_VARARGS, "`compose` and `write_batch`, of what they make and how large it may be; see the stub."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}}; /* no state: as many interpreters as there are may have it */

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "_entry",
    .m_doc = "Entries for SQS, in C; see bridge.entry. Made of " SOURCE_DIGEST,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__entry(void)
{
    return PyModuleDef_Init(&definition);
}

/* Receipts of a call of which everything was accepted, in C: what `bridge.sqs.reconcile` says of it in Python.
 *
 * SQS says of each entry what it has by two MD5 sums (RFC 1321), which are most of the work. Eight texts are summed
 * side by side: each step of a sum waits for the step before, and a processor has nothing else to do meanwhile. No
 * secret hangs on them; `hashlib` is what they are held to. Whatever is not as it should be, or fails, is None: Python
 * says what. An entry or an answer may run other code where it is asked: what is gone on with is held, and a list is
 * asked anew for what it has.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifndef SOURCE_DIGEST /* by which infra.local.native knows whether what is there was made of this */
#define SOURCE_DIGEST "a source that nobody has named"
#endif

#define MD5_LANES 8
#define MD5_BLOCK 64
#define MD5_HEX 32

typedef uint32_t Md5Lanes __attribute__((vector_size(4 * MD5_LANES)));

typedef struct {
    const unsigned char *at;
    size_t size;
    char hex[MD5_HEX];
} Md5Text;

static const uint32_t md5_sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
static const unsigned char md5_shifts[16] = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};

/* A block of a text, padded where it is one of the last. */
static const unsigned char *
md5_block(const Md5Text *text, size_t number, unsigned char *padded)
{
    size_t begin = number * MD5_BLOCK, end = begin + MD5_BLOCK;
    if (end <= text->size)
        return text->at + begin;
    memset(padded, 0, MD5_BLOCK);
    if (begin < text->size)
        memcpy(padded, text->at + begin, text->size - begin);
    if (begin <= text->size)
        padded[text->size - begin] = 0x80;
    if (end >= text->size + 9) {
        uint64_t bits = (uint64_t)text->size << 3;
        for (int octet = 0; octet < 8; octet++)
            padded[MD5_BLOCK - 8 + octet] = (unsigned char)(bits >> 8 * octet);
    }
    return padded;
}

static inline uint32_t
md5_word(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* One block of each lane. */
static inline void
md5_step(Md5Lanes state[4], const unsigned char *const blocks[MD5_LANES])
{
    union {
        uint32_t of[16][MD5_LANES];
        Md5Lanes lanes[16];
    } words;
    _Pragma("GCC unroll 16") for (int word = 0; word < 16; word++)
        _Pragma("GCC unroll 8") for (int lane = 0; lane < MD5_LANES; lane++)
            words.of[word][lane] = md5_word(blocks[lane] + 4 * word);
    Md5Lanes a = state[0], b = state[1], c = state[2], d = state[3];
#define MD5_ROUND(from, mix, index)                                                             \
    _Pragma("GCC unroll 16") for (int i = (from); i < (from) + 16; i++) {                       \
        Md5Lanes sum = a + (mix) + words.lanes[(index) & 15] + md5_sines[i];                    \
        unsigned shift = md5_shifts[(from) / 4 + (i & 3)];                                      \
        a = d, d = c, c = b, b += (sum << shift) | (sum >> (32 - shift));                       \
    }
    MD5_ROUND(0, d ^ (b & (c ^ d)), i)
    MD5_ROUND(16, c ^ (d & (b ^ c)), 5 * i + 1)
    MD5_ROUND(32, b ^ c ^ d, 3 * i + 5)
    MD5_ROUND(48, c ^ (b | ~d), 7 * i)
#undef MD5_ROUND
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
}

/* The sums of at most as many texts as there are lanes. */
static void
md5_sums(Md5Text *texts, int count)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char padded[MD5_LANES][MD5_BLOCK] = {{0}};
    size_t counts[MD5_LANES] = {0}, most = 0;
    Md5Lanes state[4];
    for (int lane = 0; lane < MD5_LANES; lane++) {
        counts[lane] = lane < count ? (texts[lane].size + 8) / MD5_BLOCK + 1 : 0;
        most = counts[lane] > most ? counts[lane] : most;
        state[0][lane] = 0x67452301, state[1][lane] = 0xefcdab89;
        state[2][lane] = 0x98badcfe, state[3][lane] = 0x10325476;
    }
    for (size_t number = 0; number < most; number++) {
        const unsigned char *blocks[MD5_LANES];
        Md5Lanes going, before[4] = {state[0], state[1], state[2], state[3]};
        for (int lane = 0; lane < MD5_LANES; lane++) {
            going[lane] = number < counts[lane] ? 0xffffffff : 0;
            blocks[lane] = going[lane] ? md5_block(&texts[lane], number, padded[lane]) : padded[lane];
        }
        md5_step(state, blocks);
        for (int part = 0; part < 4; part++) /* those that are at their end stay */
            state[part] = (state[part] & going) | (before[part] & ~going);
    }
    for (int lane = 0; lane < count; lane++)
        for (int octet = 0; octet < 16; octet++) {
            unsigned value = state[octet / 4][lane] >> 8 * (octet % 4) & 0xff;
            texts[lane].hex[2 * octet] = digits[value >> 4];
            texts[lane].hex[2 * octet + 1] = digits[value & 15];
        }
}


/* An entry: two texts, its body and its attributes as SQS sums them up (SQS developer guide, "Calculating the MD5
 * message digest for message attributes"). */

enum part { RECEIPT, ACCEPTED, NO_REASON, SUCCESSFUL, FAILED_ONES, ID, BODY_SUM, ATTRIBUTES_SUM, MESSAGE_ID, FIELD };
enum field { OF_BODY, OF_ENVELOPE, OF_ID, OF_TYPE, FIELDS };
#define PARTS ((int)FIELD + (int)FIELDS)
#define PART(name) PyTuple_GET_ITEM(parts, name)
#define AT_ONCE (MD5_LANES / 2)
#define TEXT_MOST 65536 /* bytes: `hashlib` is faster for a large text alone, and lets other threads run meanwhile */

typedef struct {
    PyObject *fields[FIELDS]; /* owned, as are the attributes */
    unsigned char *attributes;
    size_t size;
} Sent;

typedef struct {
    const char *name;
    size_t size;
    enum field field;
} Attribute;

static const Attribute by_name[] = {{"envelope", 8, OF_ENVELOPE}, {"id", 2, OF_ID}, {"type", 4, OF_TYPE}};
#define ATTRIBUTES 3
#define TEXT_TYPE "String"
#define IS_TEXT 1

static unsigned char *
put_sized(unsigned char *at, const void *text, size_t size)
{
    for (int octet = 0; octet < 4; octet++)
        at[octet] = (unsigned char)(size >> (24 - 8 * octet));
    memcpy(at + 4, text, size);
    return at + 4 + size;
}

/* Of a text that is not too large; NULL for any other. */
static const char *
utf8(PyObject *text, size_t *size)
{
    if (!PyUnicode_CheckExact(text) || PyUnicode_GET_LENGTH(text) > TEXT_MOST)
        return NULL;
    Py_ssize_t octets;
    const char *at = PyUnicode_AsUTF8AndSize(text, &octets);
    if (!at || octets > TEXT_MOST)
        return NULL;
    *size = (size_t)octets;
    return at;
}

static int
write_attributes(Sent *sent)
{
    const char *texts[ATTRIBUTES];
    size_t sizes[ATTRIBUTES], total = 0;
    for (int one = 0; one < ATTRIBUTES; one++) {
        if (!(texts[one] = utf8(sent->fields[by_name[one].field], &sizes[one])))
            return 0;
        total += 4 + by_name[one].size + 4 + sizeof(TEXT_TYPE) - 1 + 1 + 4 + sizes[one];
    }
    unsigned char *at = sent->attributes = PyMem_Malloc(total);
    if (!at)
        return 0;
    for (int one = 0; one < ATTRIBUTES; one++) {
        if (by_name[one].field == OF_ENVELOPE && !sizes[one])
            continue; /* an entry whose body carries everything */
        at = put_sized(at, by_name[one].name, by_name[one].size);
        at = put_sized(at, TEXT_TYPE, sizeof(TEXT_TYPE) - 1);
        *at++ = IS_TEXT;
        at = put_sized(at, texts[one], sizes[one]);
    }
    sent->size = (size_t)(at - sent->attributes);
    return 1;
}

static int
read_entry(PyObject *parts, PyObject *entry, Sent *sent, Md5Text texts[2])
{
    for (int field = 0; field < FIELDS; field++)
        if (!(sent->fields[field] = PyObject_GetAttr(entry, PART(FIELD + field))))
            return 0;
    const char *body = utf8(sent->fields[OF_BODY], &texts[0].size);
    if (!body || !write_attributes(sent))
        return 0;
    texts[0].at = (const unsigned char *)body;
    texts[1].at = sent->attributes;
    texts[1].size = sent->size;
    return 1;
}

static void
forget(Sent *sent)
{
    for (int field = 0; field < FIELDS; field++)
        Py_XDECREF(sent->fields[field]);
    PyMem_Free(sent->attributes);
}

/* Whether what is told under a name is this text, or, where that is as good, nothing. */
static int
is_told(PyObject *told, PyObject *name, const char *expected, size_t size, int or_nothing)
{
    PyObject *value = PyDict_GetItemWithError(told, name);
    if (!value || value == Py_None)
        return or_nothing && !PyErr_Occurred();
    return PyUnicode_CheckExact(value) && PyUnicode_IS_COMPACT_ASCII(value)
           && (size_t)PyUnicode_GET_LENGTH(value) == size && !memcmp(PyUnicode_1BYTE_DATA(value), expected, size);
}

/* The receipt of an entry that was accepted as it was sent; NULL for any other. */
static PyObject *
judge(PyObject *parts, PyObject *told, Py_ssize_t position, const Md5Text texts[2])
{
    char number[24];
    int size = snprintf(number, sizeof number, "%zd", position);
    if (!PyDict_CheckExact(told) || !is_told(told, PART(ID), number, (size_t)size, 0)
        || !is_told(told, PART(BODY_SUM), texts[0].hex, MD5_HEX, 0)
        || !is_told(told, PART(ATTRIBUTES_SUM), texts[1].hex, MD5_HEX, 1))
        return NULL;
    PyObject *place = PyDict_GetItemWithError(told, PART(MESSAGE_ID));
    if (!place || !PyUnicode_CheckExact(place))
        return NULL;
    PyObject *of_receipt[] = {NULL, PART(ACCEPTED), PART(NO_REASON), place};
    return PyObject_Vectorcall(PART(RECEIPT), of_receipt + 1, 3 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
}

/* What a list or a tuple has at a place; NULL where it has none. */
static PyObject *
at_place(PyObject *some, Py_ssize_t place)
{
    return place < PySequence_Fast_GET_SIZE(some) ? Py_NewRef(PySequence_Fast_GET_ITEM(some, place)) : NULL;
}

/* Receipts of some entries, into a list; 0 where it is for Python to say. */
static int
judge_some(PyObject *parts, PyObject *entries, PyObject *told, Py_ssize_t from, int count, PyObject *receipts)
{
    Sent sent[AT_ONCE];
    Md5Text texts[MD5_LANES];
    memset(sent, 0, sizeof sent);
    int done = 1;
    for (int one = 0; done && one < count; one++) {
        PyObject *entry = at_place(entries, from + one);
        done = entry && read_entry(parts, entry, &sent[one], &texts[2 * one]);
        Py_XDECREF(entry);
    }
    if (done)
        md5_sums(texts, 2 * count);
    for (int one = 0; done && one < count; one++) {
        PyObject *of_entry = at_place(told, from + one);
        PyObject *receipt = of_entry ? judge(parts, of_entry, from + one, &texts[2 * one]) : NULL;
        Py_XDECREF(of_entry);
        if (receipt)
            PyList_SET_ITEM(receipts, from + one, receipt);
        else
            done = 0;
    }
    for (int one = 0; one < count; one++)
        forget(&sent[one]);
    return done;
}

/* Receipts of all entries; NULL where it is for Python to say. */
static PyObject *
judge_all(PyObject *parts, PyObject *entries, PyObject *told)
{
    Py_ssize_t all = PySequence_Fast_GET_SIZE(entries);
    PyObject *receipts = all == PyList_GET_SIZE(told) ? PyList_New(all) : NULL;
    for (Py_ssize_t from = 0; receipts && from < all; from += AT_ONCE) {
        int some = (int)(all - from < AT_ONCE ? all - from : AT_ONCE);
        if (!judge_some(parts, entries, told, from, some, receipts))
            Py_CLEAR(receipts);
    }
    return receipts;
}

/* `self` is the parts. */
static PyObject *
accepted(PyObject *parts, PyObject *const *given, Py_ssize_t count)
{
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "accepted(entries, answer)");
        return NULL;
    }
    PyObject *entries = given[0], *answer = given[1], *receipts = NULL;
    if ((PyList_CheckExact(entries) || PyTuple_CheckExact(entries)) && PyDict_CheckExact(answer)) {
        PyObject *failed = PyDict_GetItemWithError(answer, PART(FAILED_ONES));
        int none_failed = failed ? PyList_CheckExact(failed) && !PyList_GET_SIZE(failed) : !PyErr_Occurred();
        PyObject *told = none_failed ? PyDict_GetItemWithError(answer, PART(SUCCESSFUL)) : NULL;
        if (told && PyList_CheckExact(told)) {
            Py_INCREF(told);
            receipts = judge_all(parts, entries, told);
            Py_DECREF(told);
        }
    }
    if (receipts)
        return receipts;
    if (PyErr_Occurred()) { /* where Python comes to what failed, it says so itself */
        if (!PyErr_ExceptionMatches(PyExc_Exception))
            return NULL;
        PyErr_Clear();
    }
    Py_RETURN_NONE;
}

static PyMethodDef accepted_method = {
    "accepted", (PyCFunction)(void (*)(void))accepted, METH_FASTCALL,
    "Receipts of entries of which all were accepted as they were sent, or None; see the stub."};

static PyObject *
bind(PyObject *module, PyObject *receipt)
{
    static const char *const texts[] = {"accepted", "", "Successful", "Failed", "Id", "MD5OfMessageBody",
                                        "MD5OfMessageAttributes", "MessageId", "body", "envelope", "id", "type"};
    if (!PyCallable_Check(receipt)) {
        PyErr_SetString(PyExc_TypeError, "bind(receipt)");
        return NULL;
    }
    PyObject *parts = PyTuple_New(PARTS), *function = NULL;
    if (!parts)
        return NULL;
    PyTuple_SET_ITEM(parts, RECEIPT, Py_NewRef(receipt));
    for (int part = RECEIPT + 1; part < PARTS; part++) {
        PyObject *text = PyUnicode_InternFromString(texts[part - RECEIPT - 1]);
        if (!text)
            goto end;
        PyTuple_SET_ITEM(parts, part, text);
    }
    function = PyCFunction_NewEx(&accepted_method, parts, NULL);
end:
    Py_DECREF(parts);
    (void)module;
    return function;
}

static PyMethodDef methods[] = {
    {"bind", bind, METH_O, "An `accepted` that makes receipts of the type that it is given; see the stub."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}}; /* no state: as many interpreters as there are may have it */

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "_receipt",
    .m_doc = "Receipts of what was accepted, in C; see bridge.sqs. Made of " SOURCE_DIGEST,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__receipt(void)
{
    return PyModuleDef_Init(&definition);
}

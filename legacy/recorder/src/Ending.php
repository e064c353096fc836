<?php

declare(strict_types=1);

namespace Strangler\Recorder;

/**
 * How one attempt at a message ended.
 */
enum Ending: string
{
    case Done = 'done';
    /** The attempt failed and the message will come again. */
    case Retried = 'retried';
    /** The attempt failed and the message will not come again. */
    case Rejected = 'rejected';
    /** The message had been processed before and was recognised by its id. */
    case Duplicate = 'duplicate';
}

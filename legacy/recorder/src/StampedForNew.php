<?php

declare(strict_types=1);

namespace Strangler\Recorder;

/**
 * The router has given the message to the new system (or to nobody yet): nothing was run and nothing was written. It
 * must neither be dropped nor put back into the queue, where it would come again for ever: see HandBack.
 */
final class StampedForNew extends \RuntimeException
{
    public function __construct(public readonly Stamp $stamp)
    {
        parent::__construct('the message is stamped for another system');
    }

    /** @return string a word for whoever finds the message in the Invalid Message Channel */
    public function cause(): string
    {
        return $this->stamp->route === 'new' ? 'stamped-new' : 'stamped-unknown';
    }
}

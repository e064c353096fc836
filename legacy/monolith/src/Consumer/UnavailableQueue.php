<?php

declare(strict_types=1);

namespace Monolith\Consumer;

/**
 * A queue that cannot be consumed yet. It may be there, or free, a moment later. Its text is ours and may be logged.
 */
final class UnavailableQueue extends \RuntimeException
{
}

<?php

declare(strict_types=1);

namespace Monolith;

/**
 * What the person who started the program has to put right. The only exception whose text is shown: it is ours.
 */
final class ConfigurationError extends \RuntimeException
{
}
